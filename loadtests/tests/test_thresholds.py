"""The grammar of thresholds: what is read, and where a mistake is pointed at."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.thresholds import COMPARISONS, MEASURES, QUANTITIES, ThresholdError, parse

KEPT = ("measure", "quantity", "comparison", "bound", "unit")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("response p99 < 250ms", ("response", "p99", "<", 250.0, "ms")),
        ("response mean < 20 ms", ("response", "mean", "<", 20.0, "ms")),
        ("service p99.9 <= 1.5 s", ("service", "p99.9", "<=", 1500.0, "s")),
        ("response max<800us", ("response", "max", "<", 0.8, "us")),
        ("failures < 0.1%", ("failures", "", "<", 0.001, "%")),
        ("failures == 0", ("failures", "", "==", 0.0, "")),
        ("rate > 95% of intended", ("rate", "", ">", 0.95, "% of intended")),
        ("rate > 95%  of   intended", ("rate", "", ">", 0.95, "% of intended")),
        ("rate >= 40/s", ("rate", "", ">=", 40.0, "/s")),
        ("dropped == 0", ("dropped", "", "==", 0.0, "")),
        ("  late <= 1 %  ", ("late", "", "<=", 0.01, "%")),
    ],
)
def test_read_measures(text: str, rule: tuple[str, str, str, float, str]) -> None:
    """Each form of the grammar is read, with or without blanks."""
    parsed = parse(text)
    assert rule == tuple(getattr(parsed, key) for key in KEPT)
    assert (parsed.endpoint, parsed.stage, parsed.window_s, parsed.abort) == (None, None, None, False)


@pytest.mark.parametrize(
    ("clauses", "read"),
    [
        ("at GET /a", ("GET /a", None, None, False)),
        ("at GET /a b  c", ("GET /a b c", None, None, False)),
        ("in stage steady", (None, "steady", None, False)),
        ("in  stage 0", (None, "0", None, False)),
        ("for 10s", (None, None, 10, False)),
        ("for 10 s", (None, None, 10, False)),
        ("abort", (None, None, None, True)),
        ("for 5s abort", (None, None, 5, True)),
        ("at GET /a in stage steady for 10s abort", ("GET /a", "steady", 10, True)),
        ("at GET /logs for ever", ("GET /logs for ever", None, None, False)),
        ("at GET /in stages", ("GET /in stages", None, None, False)),
        ("at GET /abortion abort", ("GET /abortion", None, None, True)),
    ],
)
def test_read_clauses(clauses: str, read: tuple[str | None, str | None, int | None, bool]) -> None:
    """Clauses are read in their order; an endpoint ends where the next clause begins, not where a word looks alike."""
    rule = parse(f"response p99 < 1s {clauses}")
    assert read == (rule.endpoint, rule.stage, rule.window_s, rule.abort)


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("", 1, "`response`, `service`, `failures`, `rate`, `dropped` or `late`"),
        ("respnse p99 < 1s", 1, "`response`"),
        ("responses p99 < 1s", 1, "`response`"),
        ("response", 9, "`p99`"),
        ("response p98 < 1s", 10, "`mean`, `p50`, `p90`, `p95`, `p99`, `p99.9` or `max`"),
        ("response p99.5 < 1s", 10, "`p99.9`"),
        ("response p99 = 1s", 14, "`<=`, `>=`, `==`, `<` or `>`"),
        ("response p99 < fast", 16, "a number"),
        ("response p99 < -1ms", 16, "a number"),
        ("response p99 < .5s", 16, "a number"),
        ("response p99 < 250", 19, "`us`, `ms` or `s`"),
        ("response p99 < 250 minutes", 20, "`ms`"),
        ("response p99 < 250msec", 19, "`ms`"),
        ("response p99 < 5%", 17, "`ms`"),
        ("failures < 1ms", 13, "`%`"),
        ("failures < 1/s", 13, "`%`"),
        ("failures p99 < 1%", 10, "`<=`"),
        ("failures < 1 %%", 15, "`at`, `in stage`, `for` or `abort`"),
        ("rate > 95%", 10, "`% of intended` or `/s`"),
        ("rate > 95", 10, "`/s`"),
        ("response p99 < 1s in GET /", 19, "`at`"),
        ("response p99 < 1s at ", 22, "an endpoint, as in `at GET /api/items`"),
        ("response p99 < 1s in stage", 27, "the name of a stage"),
        ("response p99 < 1s for", 22, "whole seconds, as in `for 10s`"),
        ("response p99 < 1s for 0s", 23, "whole seconds"),
        ("response p99 < 1s for 1.5s", 23, "whole seconds"),
        ("response p99 < 1s for 10", 23, "whole seconds"),
        ("response p99 < 1s for 10ms", 23, "whole seconds"),
        ("response p99 < 1s abort in stage x", 25, "nothing more"),
        ("response p99 < 1s abort abort", 25, "nothing more"),
        ("response p99 < 1s for 5s in stage x", 26, "`abort`"),
        ("response p99 < 1s in stage x at GET /", 30, "`for` or `abort`"),
        ("dropped == 0 at GET /", 14, "`in stage`, `for` or `abort`, or nothing more: dropped is of all endpoints"),
        ("rate > 1/s at GET /", 12, "rate is of all endpoints together"),
    ],
)
def test_column_of_mistake(text: str, column: int, expected: str) -> None:
    """A mistake is pointed at by its column, with what would be right there."""
    with pytest.raises(ThresholdError) as caught:
        parse(text)
    assert (column, True) == (caught.value.column, expected in str(caught.value)), str(caught.value)


@pytest.mark.parametrize("text", ["failures < 95%", "rate > 95% of intended"])
def test_exact_share(text: str) -> None:
    """95% is the number 0.95 itself: what reaches it exactly is not beyond it by a rounding."""
    assert parse(text).bound == 0.95


@given(hundredths=st.integers(0, 10_000))
def test_share_round_trip(hundredths: int) -> None:
    """A share is read as the float nearest to it, whatever its digits."""
    text = f"{hundredths // 100}.{hundredths % 100:02}"
    assert float(Fraction(hundredths, 10_000)) == parse(f"late < {text}%").bound


@given(us=st.integers(0, 10_000_000))
def test_time_round_trip(us: int) -> None:
    """A time is the same in each of its units, to the last bit."""
    ms = float(Fraction(us, 1000))
    texts = (f"{us}us", f"{us // 1000}.{us % 1000:03}ms", f"{us // 1_000_000}.{us % 1_000_000:06}s")
    assert [ms] * 3 == [parse(f"response p99 < {text}").bound for text in texts]


@given(
    measure=st.sampled_from(MEASURES),
    quantity=st.sampled_from(sorted(QUANTITIES)),
    comparison=st.sampled_from(sorted(COMPARISONS)),
    stage=st.none() | st.from_regex(r"[a-z0-9.-]{1,8}", fullmatch=True),
    window_s=st.none() | st.integers(1, 999),
    abort=st.booleans(),
)
def test_whole_grammar(
    measure: str, quantity: str, comparison: str, stage: str | None, window_s: int | None, *, abort: bool
) -> None:
    """Whatever the grammar allows is read as written."""
    latency = measure in {"response", "service"}
    bound = "3ms" if latency else "3/s" if measure == "rate" else "3"
    words = [measure, quantity if latency else "", comparison, bound, f"in stage {stage}" if stage else ""]
    rule = parse(" ".join([*filter(None, words), f"for {window_s}s" if window_s else "", "abort" if abort else ""]))
    assert (measure, comparison, 3.0, stage, window_s, abort) == (
        rule.measure, rule.comparison, rule.bound, rule.stage, rule.window_s, rule.abort
    )  # fmt: skip


@pytest.mark.parametrize(
    ("comparison", "below", "equal", "above"),
    [("<", True, False, False), ("<=", True, True, False), ("==", False, True, False),
     (">=", False, True, True), (">", False, False, True)],
)  # fmt: skip
def test_each_comparison(comparison: str, *, below: bool, equal: bool, above: bool) -> None:
    """Each comparison means what it means elsewhere."""
    rule = parse(f"dropped {comparison} 5")
    assert (below, equal, above) == (rule.holds(4), rule.holds(5), rule.holds(6))
