"""A worker: an engine on this or another machine, told and heard over Locust's protocol. Imports Locust.

`python -m loadtests worker --join HOST:PORT` becomes this process. The profile comes from the run; journeys and
identities are those of the worker's own target.toml, so a profile needs no change to be run by several machines.
"""

import os
import platform
import sys
import uuid

import gevent
import locust
import msgspec
from gevent.queue import Empty, SimpleQueue
from locust.exception import RPCReceiveError
from locust.rpc import Message, zmqrpc

from harness.errors import EXIT_INCONCLUSIVE
from loadtests.distributed.address import Address
from loadtests.distributed.messages import ENVELOPE
from loadtests.engine.orders import Orders, serve
from loadtests.identities import TARGET_VARIABLE
from loadtests.messages import Order, Plan, encoded, order

HEARTBEAT_S = 1.0
LIVENESS_S = 10.0


class Line:
    """The connection to the run."""

    def __init__(self, address: Address) -> None:
        self.identity = f"{platform.node()}-{uuid.uuid4().hex[:8]}"
        self._client = zmqrpc.Client(address.host, address.port, self.identity)
        self._heard: SimpleQueue = SimpleQueue()
        self._company = [gevent.spawn(self._listen)]

    def join(self, within_s: float) -> bool:
        """Ask to join; False when nobody lets us in time."""
        self.send("client_ready", locust.__version__)
        try:
            return bool(self._heard.get(timeout=within_s).type == "ack")
        except Empty:
            return False

    def keep_alive(self) -> None:
        """Let the run know each second that we are there, from now on."""
        self._company.append(gevent.spawn(self._beat))

    def _beat(self) -> None:
        while True:
            gevent.sleep(HEARTBEAT_S)
            self.send("heartbeat", {"state": "running"})

    def next_order(self) -> Order | None:
        """Wait for an order; None when the run says quit, or is not heard for a while."""
        while True:
            try:
                message: Message = self._heard.get(timeout=LIVENESS_S)
            except Empty:
                return None
            if message.type == ENVELOPE:
                return order(message.data)
            if message.type == "quit":
                return None

    def send(self, kind: str, data: object) -> None:
        """Send a message."""
        self._client.send(Message(kind, data, self.identity))

    def close(self) -> None:
        """Say good-bye."""
        gevent.killall(self._company)
        self.send("quit", None)
        self._client.close(linger=2000)

    def _listen(self) -> None:
        while True:
            try:
                self._heard.put(self._client.recv())
            except RPCReceiveError as error:
                sys.stderr.write(f"{error}\n")  # noise of somebody else's


def work(address: Address, journeys: str, join_within_s: float) -> int:
    """Join a run, do what it says, and return the exit code."""
    line = Line(address)
    if not line.join(join_within_s):
        within = f"within {join_within_s:g} s"
        sys.stderr.write(f"error: no run let a worker join at {address.host}:{address.port} {within}\n")
        return EXIT_INCONCLUSIVE

    def next_order() -> Order | None:
        told = line.next_order()
        if isinstance(told, Plan) and told.journeys is not None:
            return msgspec.structs.replace(told, journeys=journeys)
        return told

    line.keep_alive()
    serve(Orders(next_order), lambda message: line.send(ENVELOPE, encoded(message)))
    line.close()
    return 0


def main() -> int:
    """Serve one run: `python -m loadtests.distributed.worker HOST:PORT JOURNEYS TARGET SECONDS`."""
    address, journeys, os.environ[TARGET_VARIABLE], join_within_s = sys.argv[1:5]
    return work(Address.read(address, "--join"), journeys, float(join_within_s))


if __name__ == "__main__":
    sys.exit(main())
