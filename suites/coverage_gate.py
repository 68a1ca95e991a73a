"""`python -m suites.coverage_gate`: whether the suites together run enough of the reference app's branches.

Each part writes its data to `results/coverage/PART/` when it is run by tox. Exit codes: 0 enough, 1 too little (the
lines and branches that nothing ran are listed), 3 the data of a part is missing, or older than the sources.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from coverage import Coverage
from coverage.exceptions import CoverageException

from harness.errors import EXIT_FAIL, EXIT_INCONCLUSIVE, EXIT_PASS

PARTS = ("unit", "integration")
FOLDER = Path("results/coverage")
SOURCES = Path("reference_app")


def main(folder: Path = FOLDER, sources: Path = SOURCES) -> int:
    """Combine the parts, print the report, and return the exit code."""
    unfit = [fault for part in PARTS if (fault := _fault(folder / part, sources))]
    if unfit:
        sys.stderr.write("".join(f"coverage: {fault}\n" for fault in unfit))
        return EXIT_INCONCLUSIVE
    try:
        percent, wanted = _report(folder)
    except CoverageException as error:
        sys.stderr.write(f"coverage: {error}\n")
        return EXIT_INCONCLUSIVE
    if percent < wanted:
        sys.stderr.write(f"coverage: {percent:.2f}% of reference_app is less than {wanted:g}%\n")
        return EXIT_FAIL
    return EXIT_PASS


def _fault(part: Path, sources: Path) -> str | None:
    """Return why the data of a part says nothing, None when it does."""
    written = [file.stat().st_mtime for file in _data_of(part)]
    if not written:
        return f"no data of {part.name}; run tox -e {part.name}"
    if max(written) < max(file.stat().st_mtime for file in sources.rglob("*.py")):
        return f"the data of {part.name} is older than the sources; run tox -e {part.name} again"
    return None


def _data_of(part: Path) -> Sequence[Path]:
    return list(part.glob("data.*"))


def _report(folder: Path) -> tuple[float, float]:
    """Combine the parts and print what they left out; return the percentage that ran, and the one that is wanted."""
    coverage = Coverage(data_file=str(folder / "all"))
    files = [str(file) for part in PARTS for file in _data_of(folder / part)]
    coverage.combine(files, strict=True, keep=True)
    coverage.save()
    coverage.json_report(outfile=str(folder / "coverage.json"))
    percent = coverage.report(file=sys.stdout)
    return percent, float(coverage.get_option("report:fail_under"))


if __name__ == "__main__":
    sys.exit(main())
