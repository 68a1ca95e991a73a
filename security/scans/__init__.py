"""Static scanners, one file each, behind `interface.py`."""
