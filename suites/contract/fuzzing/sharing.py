"""Deals operations to engines that work side by side, so that the same document is always dealt alike.

Operations on the same things stay together: an engine that creates pipelines is the one that reads and deletes them,
and what it learns from the answers is where it is needed.
"""

from collections.abc import Iterable, Mapping

Share = tuple[str, ...]
"""Operations, as `METHOD /path`."""


def shares(weights: Mapping[str, int], count: int) -> tuple[Share, ...]:
    """Deal operations, each with the work that it means, to `count` engines, or fewer; the heaviest share first."""
    families = [(sum(weights[name] for name in family), family) for family in families_of(weights)]
    dealt: list[tuple[int, list[str]]] = [(0, []) for _ in range(min(count, len(families)))]
    for weight, family in sorted(families, key=lambda one: (-one[0], one[1])):
        position = min(range(len(dealt)), key=lambda number: dealt[number][0])
        dealt[position] = (dealt[position][0] + weight, dealt[position][1] + list(family))
    return tuple(tuple(sorted(names)) for _, names in sorted(dealt, key=lambda one: (-one[0], one[1])))


def families_of(operations: Iterable[str]) -> list[Share]:
    """Group operations by the shortest documented path that theirs continues."""
    names = sorted(set(operations))
    paths = {_path(name) for name in names}
    families: dict[str, list[str]] = {}
    for name in names:
        families.setdefault(_root(_path(name), paths), []).append(name)
    return [tuple(family) for family in families.values()]


def _path(operation: str) -> str:
    return operation.split(" ", 1)[1]


def _root(path: str, paths: set[str]) -> str:
    steps = path.split("/")
    prefixes = ("/".join(steps[:length]) for length in range(1, len(steps) + 1))
    return next(prefix for prefix in prefixes if prefix in paths)
