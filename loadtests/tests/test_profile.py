"""What is wrong with a profile is said in one line: the key, the problem, what would be right."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import RequestError, TargetFileError
from loadtests.profile import Ramp, Stage, find_profile, read_profile
from loadtests.tests.samples import profile

PROFILE = """
thresholds = ["failures < 1%"]
[journeys]
Reader = 1
[[stages]]
duration_s = 1
rate = 10
"""
CLOSED = 'arrivals = "closed"' + PROFILE.replace("rate = 10\n", "")


def mistake(tmp_path: Path, text: str) -> str:
    """Return what is said of a profile, without its path."""
    file = tmp_path / "quick.toml"
    file.write_text(text)
    with pytest.raises(TargetFileError) as caught:
        read_profile(file)
    said = str(caught.value)
    assert said.startswith(f"{file}: ")
    assert len(said.splitlines()) == 1
    return said.removeprefix(f"{file}: ")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rate = 10", "", "stages[0].rate: is missing; give arrivals per second"),
        ("rate = 10", "rate = 0", "stages[0].rate: 0: must be more than 0 arrivals per second"),
        ("rate = 10", "rate = -5", "stages[0].rate: -5: must be more than 0 arrivals per second"),
        ("rate = 10", "rate = {start = 5, end = -5}", "stages[0].rate: 5 to -5: must be more than 0"),
        ("rate = 10", "rate = {start = 0, end = 0}", "stages[0].rate: 0: must be more than 0"),
        ("rate = 10", "rate = nan", "stages[0].rate: nan: must be more than 0"),
        ("rate = 10", "rate = inf", "stages[0].rate: inf: must be more than 0"),
        ("rate = 10", "rate = 10\nusers = 3", 'stages[0].users: only with arrivals = "closed"'),
        ("rate = 10", "rats = 10", "stages[0].rats: unknown key; did you mean `rate`?"),
        ("duration_s = 1", "duration_s = 0", "stages[0].duration_s: 0: must be more than 0 seconds"),
        ("duration_s = 1", "duration_s = -1", "stages[0].duration_s: -1: must be more than 0 seconds"),
        ("duration_s = 1", "duration_s = nan", "stages[0].duration_s: nan: must be more than 0 seconds"),
        ("duration_s = 1", "duration_s = inf", "stages[0].duration_s: inf: must be more than 0 seconds"),
        ("rate = 10", "rate = 10\nwarm_up = true", "stages: nothing is measured; give at least one stage"),
        ("rate = 10", 'rate = 10\nname = "a b"', "stages[0].name: 'a b': letters, digits"),
        ("Reader = 1", "", "journeys: is empty; give each journey a weight"),
        ("Reader = 1", "Reader = 0", "journeys.Reader: weight 0 must be more than 0"),
        ("Reader = 1", "Reader = -1", "journeys.Reader: weight -1 must be more than 0"),
        ("Reader = 1", "Reader = inf", "journeys.Reader: weight inf must be more than 0"),
        ("[journeys]", "users = 0\n[journeys]", "users: 0: at least one"),
        ("[journeys]", "users = 1\n[journeys]\nAuthor = 1", "users: 1: at least one for each of 2 journeys"),
        ("[journeys]", "patience_s = -1\n[journeys]", "patience_s: -1: must be 0 or more seconds"),
        ("[journeys]", "patience_s = nan\n[journeys]", "patience_s: nan: must be 0 or more seconds"),
        ("[journeys]", "tresholds = []\n[journeys]", "tresholds: unknown key; did you mean `thresholds`?"),
        ("[journeys]", 'arrivals = "poison"\n[journeys]', "arrivals: "),
        ("< 1%", "< 1ms", "thresholds[0]: 'failures < 1ms', column 13: expected `%`"),
        ("1%", "1% in stage steady", "column 24: expected a stage; there are: 0"),
        ("1%", "1% for 2s", "column 19: expected at most the 1 s over which it is judged"),
    ],
)
def test_named_mistakes(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Each mistake is named with its key, and what would be right."""
    assert said in mistake(tmp_path, PROFILE.replace(old, new))


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("rate = 10", 'stages[0].rate: not with arrivals = "closed"; there `users` says how many are at work'),
        ("users = 0", "stages[0].users: 0: must be more than 0 users"),
        ("users = -1", "stages[0].users: -1: must be more than 0 users"),
        ("users = 51", "stages[0].users: more than the profile's 50 users; raise `users` there"),
        ("users = {start = 1, end = 60}", "stages[0].users: more than the profile's 50 users"),
    ],
)
def test_closed_mistakes(tmp_path: Path, added: str, said: str) -> None:
    """A closed loop has users at work, not a rate, and no more of them than there are."""
    assert said in mistake(tmp_path, f"{CLOSED}{added}\n")


@pytest.mark.parametrize(
    ("threshold", "column", "said"),
    [
        ("dropped == 0", 1, "a measure that a closed loop has; dropped is for open arrivals"),
        ("late < 1%", 1, "a measure that a closed loop has; late is for open arrivals"),
        ("rate > 95% of intended", 10, "`/s`; a closed loop intends no rate"),
    ],
)
def test_closed_thresholds(tmp_path: Path, threshold: str, column: int, said: str) -> None:
    """What only open arrivals have cannot be asked of a closed loop."""
    text = CLOSED.replace("failures < 1%", threshold)
    assert f"thresholds[0]: '{threshold}', column {column}: expected {said}" in mistake(tmp_path, text)


def test_same_names(tmp_path: Path) -> None:
    """Two stages of one name are refused, also where one is called like the other's number."""
    stage = "[[stages]]\nduration_s = 1\nrate = 10\n"
    said = mistake(tmp_path, f'{PROFILE}name = "1"\n{stage}')
    assert "stages[1].name: '1': another stage has that name" in said


def test_warm_up_stage(tmp_path: Path) -> None:
    """A threshold cannot judge a warm-up, nor span more than what is left without it."""
    stage = '[[stages]]\nname = "cold"\nwarm_up = true\nduration_s = 60\nrate = 10\n'
    judged = PROFILE.replace("1%", "1% in stage cold")
    assert "column 24: expected a stage that is judged; this one is warm_up" in mistake(tmp_path, judged + stage)
    assert "at most the 1 s" in mistake(tmp_path, PROFILE.replace("1%", "1% for 2s") + stage)


def test_nearest_stage(tmp_path: Path) -> None:
    """An unknown stage is answered with the nearest known one."""
    text = PROFILE.replace("1%", "1% in stage stedy") + 'name = "steady"\n'
    assert "expected a stage; did you mean `steady`?" in mistake(tmp_path, text)


@pytest.mark.parametrize(
    ("name", "said"), [("smok", "did you mean `smoke`"), ("xyz", "there are: smoke"), ("", "there are: smoke")]
)
def test_nearest_profile(tmp_path: Path, name: str, said: str) -> None:
    """An unknown profile is answered with the nearest known one, or with all."""
    (tmp_path / "smoke.toml").write_text(PROFILE)
    with pytest.raises(RequestError, match=said):
        find_profile(name, tmp_path)


def test_found_profile(tmp_path: Path) -> None:
    """A profile is found by its name in the target's folder, or anywhere by its path."""
    (tmp_path / "smoke.toml").write_text(PROFILE)
    assert find_profile("smoke", tmp_path) == find_profile(str(tmp_path / "smoke.toml"), Path("elsewhere"))


def test_missing_file(tmp_path: Path) -> None:
    """A path that is not there, or is no TOML, is one clear line."""
    with pytest.raises(RequestError, match=r"none\.toml"):
        read_profile(tmp_path / "none.toml")
    (tmp_path / "broken.toml").write_text("rate = = 3")
    with pytest.raises(RequestError, match=r"broken\.toml.*line 1"):
        read_profile(tmp_path / "broken.toml")


def test_closed_loop(tmp_path: Path) -> None:
    """A closed loop needs no more than a duration; users at work follow a ramp."""
    (tmp_path / "quick.toml").write_text(f"{CLOSED}[[stages]]\nduration_s = 10\nusers = {{start = 0, end = 50}}\n")
    read = read_profile(tmp_path / "quick.toml")
    assert not read.is_open
    assert read.stages[0].users_at(0.5) is None
    assert [read.stages[1].users_at(elapsed_s) for elapsed_s in (0, 5, 10, 11)] == [0, 25, 50, 50]


def test_seconds_of_stages() -> None:
    """Of a time until now, each stage has its own seconds and no more."""
    planned = profile(stages=[Stage(duration_s=1, rate=10, warm_up=True), Stage(duration_s=2, rate=10)])
    assert [planned.seconds_of([1], until_s) for until_s in (0.5, 1.0, 1.5, 3.0, 9.0)] == [0.0, 0.0, 0.5, 2.0, 2.0]
    assert [planned.stage_at(elapsed_s) for elapsed_s in (0, 0.999, 1, 9)] == [0, 0, 1, 1]


@given(cut_s=st.floats(0, 6), start=st.floats(0, 100), end=st.floats(0, 100))
def test_intended_adds_up(cut_s: float, start: float, end: float) -> None:
    """What is intended before a moment and after it is all that is intended, on ramps too."""
    planned = profile(stages=[Stage(duration_s=2, rate=7), Stage(duration_s=4, rate=Ramp(start=start, end=end))])
    whole = planned.intended(0, 6)
    assert pytest.approx(14 + 2 * (start + end)) == whole
    assert pytest.approx(whole) == planned.intended(0, cut_s) + planned.intended(cut_s, 6)
