"""What the documents and lock files say is true."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT_SUFFIXES = {".md", ".py", ".toml", ".ini", ".txt", ".yml", ".yaml", ".json", ".cfg", ".sh", ""}
MACHINE_PATH = re.compile(r"(?<![\w./])/(?:home|Users|work|opt)/[a-z]")


def project_files() -> list[Path]:
    """Return the files of the project: those under git, and those not yet ignored."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    files = [ROOT / line for line in listed.stdout.splitlines()]
    return [file for file in files if file.is_file() and file.suffix in TEXT_SUFFIXES]


def test_no_file_holds_a_path_of_a_machine() -> None:
    """A checkout elsewhere works the same: nothing points to somebody's home."""
    own = Path(__file__).resolve()
    found = [
        str(file.relative_to(ROOT))
        for file in project_files()
        if file != own and MACHINE_PATH.search(file.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.stem)
def test_locks_are_hashed_and_name_no_index(lock: Path) -> None:
    """Every pinned package has a hash, and no lock file says where to download from."""
    text = lock.read_text()
    assert "://" not in text
    pins = re.findall(r"^\S+==.*$(?:\n    --hash)?", text, re.MULTILINE)
    assert pins
    assert [pin for pin in pins if "--hash" not in pin] == []


def test_npm_lock_names_no_address() -> None:
    """The lock of the report's npm packages has integrity hashes and no download addresses."""
    text = (ROOT / "reports" / "allure" / "package-lock.json").read_text()
    assert '"integrity"' in text
    assert '"resolved"' not in text


def test_every_dependency_has_its_reason() -> None:
    """Each dependency in pyproject.toml says, on its own line, what it is for."""
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    entries = [line for line in lines if re.match(r'    "[a-z][\w\[\]-]*([><=].*)?",', line) and "noqa" not in line]
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    names = {entry for group in groups.values() for entry in group if isinstance(entry, str)}
    without = [line.strip() for line in entries if line.split('"')[1] in names and "#" not in line]
    assert without == []


def test_make_targets_of_the_readme_exist() -> None:
    """Every `make X` that a document shows is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+)(?: [a-z -]+)?:", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in re.findall(r"^([a-z ]+):", (ROOT / "Makefile").read_text(), re.MULTILINE):
        targets |= set(line.split())
    for document in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"):
        shown = set(re.findall(r"`(?:OFFLINE=1 )?make ([a-z-]+)`", (ROOT / document).read_text()))
        assert shown <= targets, document


def test_tox_environments_of_the_documents_exist() -> None:
    """Every `tox -e X` that a document shows is an environment of tox.ini."""
    ini = (ROOT / "tox.ini").read_text()
    known = set(re.findall(r"^\[testenv:([a-z]+)\]", ini, re.MULTILINE))
    known |= {name.strip() for name in re.findall(r"^env_list = (.*)$", ini, re.MULTILINE)[0].split(",")}
    for document in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"):
        shown = set(re.findall(r"tox -e ([a-z]+)", (ROOT / document).read_text()))
        assert shown <= known, document


def test_example_target_of_the_readme_is_valid(tmp_path: Path) -> None:
    """The target.toml that the README shows is one that the harness accepts."""
    from harness.target import Target  # noqa: PLC0415

    blocks = re.findall(r"```toml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    example = next(block for block in blocks if "[serve]" in block)
    for place in ("migrations", "tests", "src", "load/journeys", "load/profiles"):
        (tmp_path / place).mkdir(parents=True)
    for file in ("auth.yaml", "requirements.txt", "schemathesis.toml"):
        (tmp_path / file).touch()
    (tmp_path / "target.toml").write_text(example)
    assert Target.read(tmp_path).services.keys() == {"postgres", "redis"}


def test_files_of_the_app_s_document_exist() -> None:
    """Every file that the reference app's README names is there: each promise leads to its code and its test."""
    app = ROOT / "reference_app"
    places = (app, ROOT, ROOT / "suites" / "integration" / "reference_app")
    named = set(re.findall(r"`(\w[\w./-]*(?:\.py|/))`", (app / "README.md").read_text()))
    assert len(named) > 40
    assert [name for name in sorted(named) if not any((place / name).exists() for place in places)] == []
