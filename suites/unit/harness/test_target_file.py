"""What target.toml accepts, and the one line with which it refuses."""

from pathlib import Path

import pytest

from harness.errors import EXIT_REQUEST, TargetFileError
from harness.target import Target

GOOD = """
name = "shop"
[serve]
command = ["server", "--port", "{port}"]
[services]
postgres = "DATABASE_URL"
"""


def read(folder: Path, text: str) -> Target:
    file = folder / "target.toml"
    file.write_text(text)
    return Target.read(file)


def test_smallest_target(tmp_path: Path) -> None:
    """A name and a command with {port} are enough."""
    target = read(tmp_path, GOOD)
    assert target.services == {"postgres": "DATABASE_URL"}
    assert target.directory == tmp_path


def test_folder_names_its_target_file(tmp_path: Path) -> None:
    """A folder stands for the target.toml inside it."""
    read(tmp_path, GOOD)
    assert Target.read(tmp_path).file == tmp_path / "target.toml"


def test_services_come_in_one_order(tmp_path: Path) -> None:
    """The order of services does not depend on the order in the file."""
    target = read(tmp_path, GOOD.replace("[services]", '[services]\nredis = "REDIS_URL"'))
    assert list(target.services) == ["postgres", "redis"]


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("", "name", "is required and missing"),
        ("name = ", "", "is not TOML"),
        ('name = "x"', "serve", "either a [serve] table or base_url"),
        (GOOD + "[servces]\n", "servces", "did you mean `services`?"),
        (GOOD.replace("command", "comand"), "serve.comand", "did you mean `command`?"),
        (GOOD.replace('"server", ', "1, "), "serve.command[0]", "expected `str`, got `int`"),
        (GOOD.replace("{port}", "8000"), "serve.command", "nowhere says {port}"),
        (GOOD.replace('["server", "--port", "{port}"]', "[]"), "serve.command", "is empty"),
        (GOOD.replace("postgres", "mysql"), "services.mysql", "known ones: postgres, redis"),
        (GOOD.replace("DATABASE_URL", "DATABASE-URL"), "services.postgres", "not the name of an environment variable"),
        (GOOD.replace("[services]", 'ready = "ready"\n[services]'), "serve.ready", "must be a path that starts with /"),
        (GOOD.replace("[services]", "ready_timeout_s = 0\n[services]"), "serve.ready_timeout_s", "more than 0"),
        ('name = "x"\nbase_url = "localhost:80"', "base_url", "is not an http:// or https:// address"),
        (GOOD + '[auth]\nfile = "nobody.yaml"\n', "auth.file", "does not exist"),
        (GOOD + "[openapi]\n", "openapi", "either path or file"),
        (GOOD + '[openapi]\npath = "/x"\nschemathesis = "y.toml"\n', "openapi.schemathesis", "does not exist"),
        (GOOD + '[openapi]\npath = "/x"\nreach = { status = 5 }\n', "openapi.reach.status", "did you mean `statuses`?"),
        (
            GOOD + '[openapi]\npath = "/x"\nreach = { enums = 101 }\n',
            "openapi.reach.enums",
            "no percentage from 0 to 100",
        ),
        (GOOD + '[openapi]\npath = "/x"\nreach = { enums = "all" }\n', "openapi.reach.enums", "expected `float"),
        (GOOD + '[security]\nsources = ["src"]\n', "security.sources", "does not exist"),
        (GOOD + '[tests]\npaths = ["tests"]\n', "tests.paths", "does not exist"),
        (GOOD + "[tests]\nprocesses = 0\n", "tests.processes", "must be 1 or more"),
        (GOOD + '[load]\nprofile = "loads"\n', "load.profile", "did you mean `profiles`?"),
        (GOOD + '[load]\nprofiles = "loads"\n', "load.profiles", "does not exist"),
    ],
)
def test_refusal_names_file_key_and_cure(tmp_path: Path, text: str, key: str, says: str) -> None:
    """A wrong target.toml is refused with one line: the file, the key, what is wrong, what would be right."""
    with pytest.raises(TargetFileError) as refusal:
        read(tmp_path, text)
    assert key == refusal.value.key
    assert str(refusal.value).startswith(f"{tmp_path / 'target.toml'}: {key}")
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert refusal.value.exit_code == EXIT_REQUEST


@pytest.mark.parametrize(
    ("text", "writes"),
    [
        (GOOD, True),
        (GOOD + "[load]\nwrites = false\n", False),
        ('name = "x"\nbase_url = "http://localhost:80"', False),
        ('name = "x"\nbase_url = "http://localhost:80"\n[load]\nwrites = true\n', True),
    ],
    ids=["served", "served, forbidden", "given", "given, allowed"],
)
def test_made_journeys_write_on_what_we_serve(tmp_path: Path, text: str, *, writes: bool) -> None:
    """Journeys that are made write where the database is thrown away, and elsewhere only when that is said."""
    assert writes is read(tmp_path, text).load_writes


def test_missing_file(tmp_path: Path) -> None:
    """A target.toml that is not there is named."""
    with pytest.raises(TargetFileError, match=r"target\.toml: there is no such file"):
        Target.read(tmp_path / "target.toml")


def test_not_text(tmp_path: Path) -> None:
    """A file that is not UTF-8 is refused, not guessed at."""
    (tmp_path / "target.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(TargetFileError, match="is not UTF-8 text"):
        Target.read(tmp_path / "target.toml")
