"""The composition root: which plugins make up a test run."""

pytest_plugins = ["harness.fixtures"]
