"""Dynamic tests against the running target, one file each, behind `interface.py`."""
