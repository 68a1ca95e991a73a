"""Side-by-side comparisons: `tox -e bench -- NAME…` prints a table and writes `results/bench/NAME.json`."""
