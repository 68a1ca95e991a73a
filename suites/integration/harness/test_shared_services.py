"""Services in a process of their own, which a run's test processes ask for them."""

import threading
from multiprocessing.connection import Listener
from pathlib import Path

import pytest

from harness.errors import RequestError, ServiceUnavailable
from harness.services.shared import ServicesProcess, ask_for_services


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


def test_a_folder_in_which_no_socket_can_be(tmp_path: Path) -> None:
    """Where the way to the run's folder is too long for a socket's address, that is said, and nothing is started."""
    with pytest.raises(RequestError, match="is too long for sockets"):
        ServicesProcess(tmp_path / ("x" * 100), Path("target.toml"), "auto", now=False)
