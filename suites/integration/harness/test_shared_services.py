"""Services in a process of their own, which a run's test processes ask for them."""

import threading
from multiprocessing.connection import Listener
from pathlib import Path

import pytest

from harness.errors import ServiceUnavailable
from harness.services.shared import ask_for_services


@pytest.mark.parametrize(("said", "told"), [("MemoryError\n", "MemoryError"), ("", "something has killed it")])
def test_process_that_ends(tmp_path: Path, said: str, told: str) -> None:
    """Where that process ends before it has answered, who asked is told what it said last, or that it said nothing."""
    (tmp_path / "services.log").write_text(said)
    with Listener(str(tmp_path / "services.socket"), family="AF_UNIX") as listener:
        process = threading.Thread(target=lambda: listener.accept().close())
        process.start()
        with pytest.raises(ServiceUnavailable, match=f"services is gone: .*{told}"):
            ask_for_services(str(listener.address))
        process.join()
