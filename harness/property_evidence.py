"""A pytest plugin: what Hypothesis did in a test becomes attachments of its Allure result.

allure-pytest knows nothing of Hypothesis, and Hypothesis's own plugin only of tests that are properties themselves;
here properties inside tests count too: `@given` on a function in the test, and state machines.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import allure_commons
import pytest
from allure_commons.types import AttachmentType

from harness.evidence import reproduction

EXAMPLE, SEED, COMMAND, STATISTICS = "minimal example", "seed", "reproduce", "Hypothesis statistics"


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Attach the statistics of all properties in the test, and of one that fails what shows it again."""
    if "hypothesis" not in sys.modules:
        return (yield)
    from hypothesis.statistics import collector, describe_statistics  # noqa: PLC0415 - most tests do without

    tried: list[Any] = []
    listener: Any = collector  # which Hypothesis's types take for one that is never set
    hypothesis_itself = listener.value

    def note(statistics: Any) -> None:
        tried.append(statistics)
        if hypothesis_itself is not None:
            hypothesis_itself(statistics)

    try:
        with listener.with_value(note):
            return (yield)
    except BaseException as error:
        if tried and (notes := _notes(error)):
            _attach({EXAMPLE: "\n".join(notes), SEED: str(item.config.option.seed), COMMAND: reproduction(item)})
        raise
    finally:
        if tried:
            _attach({STATISTICS: "\n\n".join(map(describe_statistics, tried))})


def _notes(error: BaseException) -> Sequence[str]:
    """Return the notes of an error, which tell the smallest example; of each, where several were found."""
    parts = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return [*getattr(error, "__notes__", ()), *(note for part in parts for note in _notes(part))]


def _attach(texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        allure_commons.plugin_manager.hook.attach_data(
            body=text, name=name, attachment_type=AttachmentType.TEXT, extension=None
        )
