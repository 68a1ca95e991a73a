"""What is done to start quickly changes nothing for whoever starts the application."""

import subprocess
import sys

import pytest

PROGRAM = """
import gc, sys
getattr(gc, sys.argv[1])()
from reference_app.startup import import_application
import_application()
frozen = gc.get_freeze_count()
import_application()
print(gc.isenabled(), frozen > 0, gc.get_freeze_count() == frozen, "reference_app.factory" in sys.modules)
"""


@pytest.mark.parametrize(("before", "enabled"), [("enable", True), ("disable", False)])
def test_garbage_is_collected_as_before(before: str, enabled: bool) -> None:  # noqa: FBT001 - a parameter
    """Once the application is imported, garbage is looked for as before, but for what was there by then."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, before], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(enabled), "True", "True", "True"]
