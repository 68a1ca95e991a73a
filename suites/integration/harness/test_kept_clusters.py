"""A migrated Postgres is kept for the next run, exactly as migrations made it, and for no other schema."""

from pathlib import Path

import psycopg
import pytest

from harness.database import Databases
from harness.guardian import Guardian
from harness.launch import launch, prepared_template, start_migrated_services
from harness.target import Target

MIGRATION = """
import os, pathlib, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    connection.execute(pathlib.Path("schema.sql").read_text())
with open("runs", "a") as runs:
    runs.write("x")
"""
TARGET = """
name = "specimen"
[serve]
command = ["{python}", "-m", "http.server", "{port}", "--bind", "127.0.0.1"]
[services]
postgres = "DATABASE_URL"
[prepare]
migrate = [["{python}", "migrate.py"]]
inputs = ["schema.sql"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a small target, with a cache of its own."""
    monkeypatch.setenv("PROVING_GROUND_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "migrate.py").write_text(MIGRATION)
    (tmp_path / "target.toml").write_text(TARGET)
    (tmp_path / "schema.sql").write_text("CREATE TABLE numbers (n int CHECK (n IN (1, 2)))")
    return tmp_path


def constraints(folder: Path) -> list[str]:
    """Start the target's services as a test run does, and return the constraints in a clone."""
    target = Target.read(folder)
    with Guardian() as guardian:
        running = start_migrated_services(target, "embedded", guardian, lambda _line: None)
        with Databases(running["postgres"]) as databases:
            clone = databases.clone(prepared_template(target, guardian, databases, {}, seeded=False))
            with psycopg.connect(clone.url) as connection:
                rows = connection.execute("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint").fetchall()
    return sorted(f"{name}: {definition}" for name, definition in rows if name.startswith("numbers"))


def migrations_run(folder: Path) -> int:
    return len((folder / "runs").read_text())


def test_second_run_starts_from_the_kept_copy(folder: Path) -> None:
    """Unchanged inputs: migrations run once, and the second run sees the same schema to the letter."""
    first, second = constraints(folder), constraints(folder)
    assert first == second
    assert migrations_run(folder) == 1


def test_launched_target_starts_from_the_kept_copy(folder: Path) -> None:
    """A target that is launched, for whatever part, gets the same copy; its seed is made anew every time."""
    (folder / "target.toml").write_text(TARGET + "seed = [[\"{python}\", \"-c\", \"open('seeds', 'a').write('x')\"]]\n")
    for _ in range(2):
        with launch(Target.read(folder), "embedded"):
            pass
    assert (migrations_run(folder), (folder / "seeds").read_text()) == (1, "xx")


def test_changed_input_migrates_anew(folder: Path) -> None:
    """A changed input is another schema: migrations run again, and nothing of the old one is seen."""
    constraints(folder)
    (folder / "schema.sql").write_text("CREATE TABLE numbers_too (n int PRIMARY KEY)")
    assert not any("numbers:" in line or "CHECK" in line for line in constraints(folder))
    assert migrations_run(folder) == 2


@pytest.mark.parametrize(("variable", "value"), [("CI", "true"), ("PROVING_GROUND_CACHE", "off")])
def test_not_kept(folder: Path, variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In CI, and with the cache off, migrations run every time."""
    monkeypatch.setenv(variable, value)
    constraints(folder)
    constraints(folder)
    assert migrations_run(folder) == 2


def test_nothing_is_kept_without_inputs(folder: Path) -> None:
    """A target that does not say what decides its schema is migrated every time."""
    text = (folder / "target.toml").read_text()
    (folder / "target.toml").write_text(text.replace('inputs = ["schema.sql"]\n', ""))
    constraints(folder)
    constraints(folder)
    assert migrations_run(folder) == 2
