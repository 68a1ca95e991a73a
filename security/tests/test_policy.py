"""policy.toml: right as committed, one clear line when wrong."""

import pytest

from harness.errors import TargetFileError
from security.evidence import Severity
from security.policy import DEFAULT_POLICY, Policy, read_policy
from security.tests.stand_ins import MakePolicy


def test_committed(policy: Policy) -> None:
    """The committed policy is valid, and every table has a threshold."""
    assert {Severity.MEDIUM} == {policy.threshold(tool) for tool in policy.tables}
    assert policy == read_policy(DEFAULT_POLICY)


def test_own_threshold(make_policy: MakePolicy) -> None:
    """A table's own threshold wins over the common one."""
    policy = read_policy(make_policy({"[bandit]\n": '[bandit]\nfail_on = "critical"\n'}))
    assert (policy.threshold("bandit"), policy.threshold("headers")) == (Severity.CRITICAL, Severity.MEDIUM)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("request_timeout_s", "request_timeout", r"pip-audit\.request_timeout: unknown key; did you mean"),
        ('fail_on = "medium"', 'fail_on = "grave"', r"fail_on: invalid enum value 'grave'"),
        ("timeout_s = 120", "timeout_s = 0", r"bandit\.timeout_s: must be more than 0 seconds"),
        ("jinja2==2.4.1", "jinja2", r"pip-audit\.canary: 'jinja2' is not a pinned package"),
        ('"nosniff"', '"("', r"headers\.expect\.X-Content-Type-Options: '\(' is not a regular expression"),
        ("request_timeout_s", 'osv_url = "http://x/"\nrequest_timeout_s', r"pip-audit\.osv_url: only counts with"),
        ('"pypi"', '"osv"\nosv_url = "http://me:pw@x/"', r"pip-audit\.osv_url: must be .* without user or password"),
    ],
)
def test_refused(make_policy: MakePolicy, old: str, new: str, message: str) -> None:
    """A mistake is answered with file, key and what would be right."""
    with pytest.raises(TargetFileError, match=rf"policy\.toml: {message}"):
        read_policy(make_policy({old: new}))
