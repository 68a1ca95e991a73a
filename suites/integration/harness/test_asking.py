"""What the harness itself asks a target, on one that misbehaves: who is refused, why, and never somebody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import IdentityRefused, Inconclusive
from harness.identities import Identity, Login, Token
from harness.launch import Launched, launch
from harness.openapi_document import fetch_document
from harness.serve import await_given_target
from harness.target import Target

SPECIMEN = Path("suites/specimens/misbehaving.py").resolve()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the target."""
    folder: Path = tmp_path_factory.mktemp("misbehaving")
    return folder


def target(folder: Path, document: str) -> Target:
    """Return the misbehaving target, with its document at this path."""
    (folder / "target.toml").write_text(
        f'name = "misbehaving"\n[serve]\ncommand = ["{{python}}", "{SPECIMEN}", "{{port}}"]\nready_timeout_s = 60\n'
        f'[openapi]\npath = "{document}"\n'
    )
    return Target.read(folder)


@pytest.fixture(scope="module")
def launched(folder: Path) -> Iterator[Launched]:
    """Yield the misbehaving target; it dies of none of these tests."""
    with launch(target(folder, "/openapi.json")) as launched:
        yield launched


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/refused", 'answered 401 Unauthorized: {"detail": "who are you?"}'),
        ("/harmless", "answered without a token: 'token'"),
        ("/away", "answered 302 it leads to http://127.0.0.1:9, which is not the target: not followed"),
        ("/abroad", "answered 307 it leads to http://localhost:9, which is not the target: not followed"),
        ("/round", "would lead to an infinite loop"),
        ("/endless", "the answer does not end"),
        ("/broken", "IncompleteRead"),
        ("/nowhere", "answered 404 Not Found"),
    ],
)
def test_refused_identity(launched: Launched, path: str, said: str) -> None:
    """Who cannot log in is named, with the endpoint and what it answered; nothing is sent to anybody else."""
    login = Login(endpoint=path, verb="GET", token=Token(extract_from="body", extract_selector="/token"))
    with pytest.raises(IdentityRefused) as refusal:
        Identity(name="alice", login_endpoint_auth=login).log_in(launched.base_url)
    assert str(refusal.value).startswith(f"identity alice: GET {launched.base_url}{path}")
    assert said in " ".join(str(refusal.value).split())


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/refused", "HTTP Error 401: Unauthorized"),
        ("/away", "HTTP Error 302: it leads to http://127.0.0.1:9, which is not the target: not followed"),
        ("/round", "would lead to an infinite loop"),
        ("/endless", "the answer does not end"),
        ("/broken", "IncompleteRead"),
    ],
)
def test_document_that_does_not_come(launched: Launched, folder: Path, path: str, said: str) -> None:
    """A document that cannot be had is inconclusive, in one line."""
    with pytest.raises(Inconclusive) as refusal:
        fetch_document(target(folder, path), launched.base_url)
    assert str(refusal.value).startswith(f"the OpenAPI document: {launched.base_url}{path}: ")
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_document_is_json_where_it_can_be(launched: Launched, tmp_path: Path) -> None:
    """JSON is read as JSON, for which YAML has other numbers and no tabs; what is none is read as YAML."""
    described = target(tmp_path, "/openapi.json")
    described.file.write_text(described.file.read_text().replace('path = "/openapi.json"', 'file = "openapi"'))
    for text, content in (('{\t"most": 1e5}', {"most": 100_000.0}), ("200: fine", {"200": "fine"})):
        (tmp_path / "openapi").write_text(text)
        assert fetch_document(Target.read(tmp_path), launched.base_url) == content


def test_redirect_is_a_sign_of_life(launched: Launched, folder: Path) -> None:
    """A target that somebody else runs answers, although it leads elsewhere."""
    await_given_target(target(folder, "/openapi.json"), f"{launched.base_url}/away")
