"""What a contract run is asked for: what cannot be done is refused before anything has begun."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.errors import RequestError
from harness.target import Target
from suites.contract.findings.exchange import TIMEOUT_S
from suites.contract.options import accepted_findings, patience_s, refuse_impossible, switched_off

TARGET = """
name = "small"
base_url = "http://127.0.0.1:9"
waivers = "waivers.toml"
[openapi]
path = "/openapi.json"
schemathesis = "schemathesis.toml"
"""


def target(folder: Path, configuration: str, waivers: str = "") -> Target:
    """Return a target with these two files."""
    (folder / "target.toml").write_text(TARGET)
    (folder / "schemathesis.toml").write_text(configuration)
    (folder / "waivers.toml").write_text(waivers)
    return Target.read(folder / "target.toml")


@pytest.mark.parametrize(
    ("max_examples", "longest_s", "said"),
    [
        (0, 1.0, "--max-examples 0: is at least 1"),
        (1, 0.0, "--longest-s 0: is more than 0"),
        (1, -1.0, "--longest-s -1: is more than 0"),
        (1, float("nan"), "--longest-s nan: is more than 0"),
    ],
)
def test_nothing_to_try(max_examples: int, longest_s: float, said: str) -> None:
    """A run that would try nothing is refused."""
    with pytest.raises(RequestError, match=said):
        refuse_impossible(SimpleNamespace(max_examples=max_examples, longest_s=longest_s))


@pytest.mark.parametrize(
    ("configuration", "waited_s"), [("", TIMEOUT_S), ("request-timeout = 3", 6.0), ("request-timeout = 0.5", 1.0)]
)
def test_patience(tmp_path: Path, configuration: str, waited_s: float) -> None:
    """An answer may take twice as long as the engine has waited for it."""
    assert waited_s == patience_s(target(tmp_path, configuration))


@pytest.mark.parametrize("configuration", ["x = [", 'request-timeout = "soon"', "request-timeout = [1]"])
def test_configuration_that_cannot_be_read(tmp_path: Path, configuration: str) -> None:
    """It is named, with what is wrong."""
    with pytest.raises(RequestError, match=r"schemathesis\.toml: "):
        patience_s(target(tmp_path, configuration))


def test_waivers_that_cannot_be_read(tmp_path: Path) -> None:
    """They are refused by the key that is wrong."""
    with pytest.raises(RequestError, match=r"contract\[0\]\.reason"):
        accepted_findings(target(tmp_path, "", '[[contract]]\nmatch = "x"'))


OFF = """
checks.use_after_free.enabled = false
phases.stateful.enabled = false
cache.enabled = false
[[operations]]
include-path = "/old"
enabled = false
[[operations]]
include-operation-id = ["receive", "send"]
checks.ignored_auth.enabled = false
checks.positive_data_acceptance.enabled = true
"""


def test_what_is_switched_off_is_told(tmp_path: Path) -> None:
    """Each check, phase and operation that a target's configuration leaves out; a cache tries nothing."""
    assert switched_off(target(tmp_path, OFF)) == (
        "checks.use_after_free",
        "phases.stateful",
        "everything (include-path /old)",
        "checks.ignored_auth (include-operation-id ['receive', 'send'])",
    )
    assert switched_off(target(tmp_path, "")) == ()
