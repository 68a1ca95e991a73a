"""What is wrong with a profile is said in one line: the key, the problem, what would be right."""

from pathlib import Path

import pytest

from harness.errors import RequestError, TargetFileError
from loadtests.profile import find_profile, read_profile

PROFILE = """
thresholds = ["failures < 1%"]
[journeys]
Reader = 1
[[stages]]
duration_s = 1
rate = 10
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rate = 10", "rate = 0", "stages[0].rate: 0: must be more than 0 arrivals per second"),
        ("rate = 10", "rate = -5", "stages[0].rate: -5: must be more than 0 arrivals per second"),
        ("rate = 10", "rate = {start = 5, end = -5}", "stages[0].rate: 5 to -5: must be more than 0"),
        ("rate = 10", "rate = nan", "stages[0].rate: nan: must be more than 0"),
        ("rate = 10", "rats = 10", "stages[0].rats: unknown key; did you mean `rate`?"),
        ("duration_s = 1", "duration_s = 0", "stages[0].duration_s: 0: must be more than 0 seconds"),
        ("rate = 10", "rate = 10\nwarm_up = true", "stages: nothing is measured"),
        ("Reader = 1", "", "journeys: is empty"),
        ("Reader = 1", "Reader = 0", "journeys.Reader: weight 0 must be more than 0"),
        ("< 1%", "< 1ms", "thresholds[0]: 'failures < 1ms', column 13: expected `%`"),
        ("[journeys]", "users = 0\n[journeys]", "users: 0: at least one"),
    ],
)
def test_mistakes(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Each mistake is named with its key."""
    file = tmp_path / "quick.toml"
    file.write_text(PROFILE.replace(old, new))
    with pytest.raises(TargetFileError) as caught:
        read_profile(file)
    assert f"{file}: {said}" in str(caught.value)


def test_nearest(tmp_path: Path) -> None:
    """An unknown profile is answered with the nearest known one."""
    (tmp_path / "smoke.toml").write_text(PROFILE)
    with pytest.raises(RequestError, match="did you mean `smoke`"):
        find_profile("smok", tmp_path)


def test_measured_time(tmp_path: Path) -> None:
    """Warm-up does not count as measured time, the time past the last stage does."""
    stage = "[[stages]]\nduration_s = 1\nrate = 10\n"
    (tmp_path / "quick.toml").write_text(f"{PROFILE}warm_up = true\n{stage}")
    profile = read_profile(tmp_path / "quick.toml")
    assert [profile.measured_s(until_s) for until_s in (1.0, 1.5, 2.0, 2.5)] == [0.0, 0.5, 1.0, 1.5]
