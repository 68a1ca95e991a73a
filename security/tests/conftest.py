"""Fixtures: targets and policies in temporary folders, services on loopback."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from harness.guardian import Guardian
from harness.target import Target
from security.policy import DEFAULT_POLICY, Policy, read_policy
from security.processes import Workshop
from security.tests.stand_ins import (
    CLOSED,
    AdvisoryService,
    MakePolicy,
    MakeTarget,
    OsvPolicy,
    TinyService,
    serving,
)


@pytest.fixture
def make_target(tmp_path: Path) -> MakeTarget:
    """Write a target.toml with a [security] table (and more, as text) and read it."""

    def make(*, sources: str = "[]", requirements: str = "[]", head: str = "", tail: str = "") -> Target:
        place = "" if "base_url" in head else f'base_url = "{CLOSED}"'
        security = f"[security]\nsources = {sources}\nrequirements = {requirements}"
        file = tmp_path / "target.toml"
        file.write_text(f'name = "tiny"\n{place}\n{head}\n{security}\n{tail}')
        return Target.read(file)

    return make


@pytest.fixture
def make_policy(tmp_path: Path) -> MakePolicy:
    """Write the project's policy with some of its lines replaced."""

    def make(changes: Mapping[str, str]) -> Path:
        text = DEFAULT_POLICY.read_text()
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "policy.toml"
        file.write_text(text)
        return file

    return make


@pytest.fixture
def policy() -> Policy:
    """Read the project's own policy."""
    return read_policy(DEFAULT_POLICY)


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    """Give scanners a place to run in."""
    with Guardian() as guardian:
        yield Workshop(guardian)


@pytest.fixture
def osv(make_policy: MakePolicy) -> Iterator[OsvPolicy]:
    """Run a local advisory service that knows the canary and `leaky==1.0`."""
    service = AdvisoryService()
    with serving(service.handler()) as url:
        file = make_policy({'vulnerability_service = "pypi"': f'vulnerability_service = "osv"\nosv_url = "{url}"'})
        yield OsvPolicy(service, url, file)


@pytest.fixture
def tiny() -> Iterator[TinyService]:
    """Run a web service to probe."""
    service = TinyService()
    with serving(service.handler()) as url:
        service.base_url = url
        yield service
