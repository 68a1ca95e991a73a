"""`.env.example` and the settings class say the same."""

import itertools
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

import reference_app
from reference_app.settings import Settings, SettingsError

FILE = Path(reference_app.__file__).with_name(".env.example")
LINES = FILE.read_text().splitlines()
ENTRY = re.compile(r"(#?)([A-Z][A-Z0-9_]*)=(.*)")
ENTRIES = {found[2]: (found[1] == "", found[3]) for line in LINES if (found := ENTRY.fullmatch(line))}
SET = {name: value for name, (is_set, value) in ENTRIES.items() if is_set}
DEFAULTS = {name: value for name, (is_set, value) in ENTRIES.items() if not is_set}
SEED_PASSWORDS = {"SEED_ALICE_PASSWORD", "SEED_BOB_PASSWORD", "SEED_ADMIN_PASSWORD"}


def plain(settings: Settings, name: str) -> object:
    """Return the value of the setting that the variable `name` is for, readable."""
    value = getattr(settings, name.lower())
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def test_every_setting() -> None:
    """The file has every setting once, and nothing else."""
    names = [found[2] for line in LINES if (found := ENTRY.fullmatch(line))]
    assert sorted(name.upper() for name in Settings.model_fields) == sorted(names)


def test_every_setting_is_explained() -> None:
    """Above each setting a line says what it means."""
    bare = [line for above, line in itertools.pairwise(LINES) if ENTRY.fullmatch(line) and above[:2] != "# "]
    assert bare == []


def test_file_as_it_stands() -> None:
    """With its development values the file is accepted, and production refuses it."""
    assert Settings.from_environment(SET).app_env == "development"
    with pytest.raises(SettingsError, match="SECRET_KEY: in production"):
        Settings.from_environment(SET | {"APP_ENV": "production"})


@pytest.mark.parametrize("name", sorted(DEFAULTS.keys() - SEED_PASSWORDS))
def test_default(name: str) -> None:
    """What is commented out is the default."""
    defaults, given = Settings.from_environment(SET), Settings.from_environment(SET | {name: DEFAULTS[name]})
    assert plain(defaults, name) == plain(given, name)


def test_default_seed_passwords() -> None:
    """The seeded accounts' passwords are those that development gives them."""
    shown = {name.split("_")[1].lower(): DEFAULTS[name] for name in SEED_PASSWORDS}
    assert shown == Settings.from_environment(SET).seed_passwords()
