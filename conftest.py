"""The composition root: which plugins make up a test run."""

import signal

pytest_plugins = ["harness.fixtures", "harness.property_evidence"]


def pytest_configure() -> None:
    """Let tests interrupt what they start, also when a shell started the tests themselves with `&`.

    Such a shell makes them ignore SIGINT, and whatever they start inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
