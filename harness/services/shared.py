"""Services that several test processes use: one process owns them and starts them when the first one asks."""

import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Client, Listener

from harness.errors import ProvingGroundError, ServiceUnavailable
from harness.guardian import Guardian
from harness.services.interface import Service
from harness.target import ServiceName

Services = Mapping[ServiceName, Service]


class SharedServices:
    """Answers other processes of this run over a Unix socket in the guardian's folder.

    `address` is picklable text; nothing is started before somebody asks.
    """

    def __init__(self, start: Callable[[Guardian], Services]) -> None:
        self._guardian = Guardian()
        self._start = start
        self._answer: Services | ProvingGroundError | None = None
        self.address = str(self._guardian.folder / "services.socket")
        self._listener = Listener(self.address, family="AF_UNIX")
        self._thread = threading.Thread(target=self._serve, name="shared services", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the services and everything else that the guardian holds."""
        self._listener.close()
        self._guardian.close()

    def _serve(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except OSError:
                return  # closed
            with connection:
                self._answer = self._answer or self._started()
                connection.send(self._answer)

    def _started(self) -> Services | ProvingGroundError:
        try:
            return self._start(self._guardian)
        except ProvingGroundError as error:
            return error


def ask_for_services(address: str) -> Services:
    """Return the run's services from the process that owns them.

    Raises:
        ProvingGroundError: what went wrong when they were started.

    """
    try:
        with Client(address, family="AF_UNIX") as connection:
            answer = connection.recv()
    except (OSError, EOFError) as error:
        raise ServiceUnavailable(f"the process that owns this run's services is gone ({error})") from error
    if isinstance(answer, ProvingGroundError):
        raise answer
    services: Services = answer
    return services
