"""Who may import whom: the table of ARCHITECTURE.md, enforced."""

import subprocess
import sys


def test_import_table_holds() -> None:
    """No folder imports back; import-linter's contracts in pyproject.toml are the table."""
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_harness_is_light_to_import() -> None:
    """Importing the target and results modules brings in no web framework, driver or test tool."""
    heavy = ("flask", "sqlalchemy", "psycopg", "redis", "pytest", "locust", "testcontainers")
    program = f"import harness.target, harness.results, sys; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
