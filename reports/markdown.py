"""`verdict.md`: what a CI job page shows. Text from tests and tools is escaped: it can say anything."""

import re

from harness.results import Gate, Status, Verdict
from reports.text import one_line
from reports.verdict import counts, headline, not_passed

FAILURES_SHOWN = 20
_MARKS = {Status.PASS: "✅", Status.FAIL: "❌", Status.INCONCLUSIVE: "⚠️"}
_PUNCTUATION = re.compile(r"([\\`*_\[\]#|~])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def verdict_markdown(verdict: Verdict) -> str:
    """Return the verdict as GitHub-flavoured Markdown."""
    blocks = [
        f"## {_MARKS[verdict.status]} {headline(verdict)}: {escape(verdict.target)}",
        f"Verdict **{verdict.status}**: {counts(verdict)}.",
        *(f"> {escape(note)}" for note in verdict.notes),
        _table(verdict.gates),
        *(block for gate in not_passed(verdict.gates) for block in _details(gate)),
    ]
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """Return text as one line that means nothing to Markdown or HTML."""
    punctuated = _PUNCTUATION.sub(r"\\\1", one_line(text))
    return "".join(_HTML.get(character, character) for character in punctuated)


def code_block(command: str) -> str:
    """Return a shell command in a fence longer than any run of backticks within."""
    line = one_line(command, limit=2000)
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{line}\n{fence}"


def _table(gates: tuple[Gate, ...]) -> str:
    rows = [
        f"| {_MARKS[gate.status]} {_status(gate)} | {escape(gate.name)} | {escape(gate.summary)} |" for gate in gates
    ]
    return "\n".join(["| Status | Gate | Summary |", "| --- | --- | --- |", *rows])


def _status(gate: Gate) -> str:
    return f"{gate.status}, accepted: {escape(gate.accepted)}" if gate.accepted else gate.status


def _details(gate: Gate) -> list[str]:
    blocks = [f"### {_MARKS[gate.status]} {escape(gate.name)}", escape(gate.summary)]
    shown = [f"- {escape(failure.what)}" for failure in gate.failures[:FAILURES_SHOWN]]
    if len(gate.failures) > FAILURES_SHOWN:
        shown.append(f"- and {len(gate.failures) - FAILURES_SHOWN:,} more, in verdict.json")
    blocks += ["\n".join(shown)] if shown else []
    commands = dict.fromkeys(
        command
        for command in (gate.reproduce, *(failure.reproduce for failure in gate.failures[:FAILURES_SHOWN]))
        if command
    )
    return [*blocks, *(code_block(command) for command in commands)]
