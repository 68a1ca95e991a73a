"""Whether what clients were answered could have come of one operation after the other, each while it was called.

The search is that of Wing and Gong, "Testing and Verifying Concurrent Objects" (Journal of Parallel and Distributed
Computing 17, 1993), with the memory of Lowe, "Testing for Linearizability" (Concurrency and Computation 29, 2017):
the same operations done with the same state as the end are looked at once.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from suites.properties.register_operations import Changed, Operation, Register, State, Unanswered, Unseen

History = Sequence[Operation]

FEWEST_ARE_SOUGHT_TO = 3
"""So many operations, at most, are tried in all combinations; beyond, none of those that remain can be spared."""


def is_linearizable(history: History, start: State, hidden: frozenset[str] | None = None) -> bool:
    """Return whether some order explains all answers; what was answered before another was called comes before it.

    With `hidden`, others who are not in the history may at any time have changed the register to one of these values.
    """
    everything = (1 << len(history)) - 1
    tried: set[tuple[int, State]] = set()
    to_try = [(0, start)]
    while to_try:
        done, state = here = to_try.pop()
        if done == everything:
            return True
        if here in tried:
            continue
        tried.add(here)
        if hidden is not None and isinstance(state, Register):
            to_try.append((done, Unseen(state.version + 1, hidden)))
        left = [place for place in range(len(history)) if not done >> place & 1]
        first_answer_s = min(history[place].answered_s for place in left)
        for place in left:
            if history[place].called_s <= first_answer_s:
                to_try += [(done | 1 << place, following) for following in history[place].after(state)]
    return False


def counterexample(history: History, start: Register) -> list[Operation]:
    """Return the fewest operations that no order explains, in the order of their calls; none when all are explained.

    Leaving out a change makes what follows it look wrong. So what remains is judged as if anybody may have made,
    unseen, any of the changes that the whole history knows of; only where that explains too much, all changes stay.
    """
    if is_linearizable(history, start):
        return []
    values = frozenset(_values(history)) | {start.value}
    if is_linearizable(history, Unseen(start.version, values), values):
        return _spare(history, lambda kept: is_linearizable(kept, start), spared=_changes_nothing)
    found = _spare(
        history, lambda kept: is_linearizable(kept, Unseen(start.version, values), values), spared=lambda _each: True
    )
    for size in range(1, min(len(found), FEWEST_ARE_SOUGHT_TO + 1)):
        for few in combinations(_in_order(history), size):
            if not is_linearizable(few, Unseen(start.version, values), values):
                return list(few)
    return found


def told(operations: History) -> str:
    """Return the operations as lines that people can follow; times are milliseconds."""
    ordered = _in_order(operations)
    zero_s = ordered[0].called_s if ordered else 0.0
    return "\n".join(
        f"{(each.called_s - zero_s) * 1000:9.3f} to {(each.answered_s - zero_s) * 1000:9.3f} ms  {each.client} {each}"
        for each in ordered
    )


def _spare(
    history: History, explained: Callable[[History], bool], spared: Callable[[Operation], bool]
) -> list[Operation]:
    """Leave out, one after the other, what is not needed for the contradiction."""
    kept = _in_order(history)
    for each in [operation for operation in kept if spared(operation)]:
        without = [other for other in kept if other is not each]
        if not explained(without):
            kept = without
    return kept


def _in_order(history: History) -> list[Operation]:
    return sorted(history, key=lambda each: each.called_s)


def _changes_nothing(operation: Operation) -> bool:
    return not isinstance(operation, Changed | Unanswered)


def _values(history: History) -> Iterator[str]:
    return (each.value for each in history if isinstance(each, Changed | Unanswered))
