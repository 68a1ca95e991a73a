"""Whether a target can be proven at all: it starts, it answers, its identities can log in."""

import time

from harness.identities import read_identities
from harness.launch import launch
from harness.results import Results, TargetCheck
from harness.services.interface import Say
from harness.target import Target


def check_target(target: Target, services: str, results: Results, say: Say) -> TargetCheck:
    """Launch a target once, log every identity in, and write down what it ran on.

    Raises:
        RequestError: target.toml, an option or the auth file is wrong.
        TargetFault: the target failed to prepare or to start.
        Inconclusive: a service could not be had, or an identity could not log in.

    """
    identities = read_identities(target)
    started = time.monotonic()
    with launch(target, services, say) as launched:
        ready_s = round(time.monotonic() - started, 3)
        for identity in identities.values():
            identity.log_in(launched.base_url)
            say(f"identity {identity.name} can log in")
        check = TargetCheck(
            target=target.name, services=launched.services, identities=tuple(identities), ready_s=ready_s
        )
    for service in check.services:
        say(f"{service.name} {service.version} ({service.provider}: {service.origin})")
    results.write(check)
    return check
