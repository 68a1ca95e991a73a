"""What the plugin does to start quickly ends before the first test."""

import gc


def test_garbage_is_collected() -> None:
    """Nobody looks for garbage while tests are collected; while they run, it is collected as always."""
    assert gc.isenabled()
