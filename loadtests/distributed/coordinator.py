"""The coordinator: the process that speaks Locust's protocol with the workers of a run. Imports Locust.

Locust's wire, messages and words (`client_ready`, `ack`, `heartbeat`, `quit`) between a ROUTER here and a DEALER at
each worker; ours travel in messages of a type of their own, as Locust's documentation has it for custom ones. The run
talks to this process over its pipes, and the end of its stdin ends it and tells the workers to quit: nothing of a
killed run stays.
"""

import os
import sys
import time
from typing import BinaryIO

import gevent
import locust  # noqa: F401 - makes sockets those of gevent, before anything else opens one
from gevent.fileobject import FileObject
from locust.exception import RPCError, RPCReceiveError
from locust.rpc import Message, zmqrpc

from loadtests.distributed.address import Address
from loadtests.distributed.messages import ENVELOPE, CannotListen, Gone, Joined, Listening, Said, told
from loadtests.messages import answer, encoded, send

HEARTBEAT_S = 1.0
LIVENESS_S = 10.0


class Coordinator:
    """Lets so many workers join and passes on what is said."""

    def __init__(self, server: zmqrpc.Server, workers: int, answers: BinaryIO) -> None:
        self._server = server
        self._workers = workers
        self._answers = answers
        self._numbers: dict[str, int] = {}
        self._heard_at_s: dict[str, float] = {}

    def serve(self) -> None:
        """Pass on orders until the run says nothing any more, then let all workers quit."""
        company = [gevent.spawn(self._hear_workers), gevent.spawn(self._keep_alive)]
        identities = {}
        for line in FileObject(sys.stdin.fileno(), "rb"):
            order = told.decode(line)
            identities = {number: identity for identity, number in self._numbers.items()}
            self._send(identities[order.worker], ENVELOPE, encoded(order.order))
        gevent.killall(company)
        for identity in self._numbers:
            self._send(identity, "quit", None)

    def _hear_workers(self) -> None:
        while True:
            try:
                identity, message = self._server.recv_from_client()
            except RPCReceiveError as error:
                sys.stderr.write(f"{error}\n")  # somebody else's noise at this port
                continue
            self._take(identity, message)

    def _take(self, identity: str, message: Message) -> None:
        self._heard_at_s[identity] = time.monotonic()
        number = self._numbers.get(identity)
        if message.type == "client_ready":
            self._let_join(identity)
        elif number is None:
            sys.stderr.write(f"{identity}: {message.type} from somebody who has not joined\n")
        elif message.type == ENVELOPE:
            send(self._answers, Said(worker=number, answer=answer(message.data)))
        elif message.type == "quit":
            self._lose(identity, "ended")

    def _let_join(self, identity: str) -> None:
        if identity in self._numbers or len(self._numbers) == self._workers:
            self._send(identity, "quit", None)
            return
        number = self._numbers[identity] = len(self._numbers) + 1
        self._send(identity, "ack", {"index": number - 1})
        send(self._answers, Joined(worker=number, identity=identity))

    def _keep_alive(self) -> None:
        """Let the workers know each second that the run is there, and notice who does not."""
        while True:
            gevent.sleep(HEARTBEAT_S)
            for identity in list(self._numbers):
                self._send(identity, "heartbeat", None)
                if time.monotonic() - self._heard_at_s.get(identity, time.monotonic()) > LIVENESS_S:
                    self._lose(identity, f"could not be heard for {LIVENESS_S:g} s")

    def _lose(self, identity: str, how: str) -> None:
        self._heard_at_s.pop(identity, None)
        send(self._answers, Gone(worker=self._numbers[identity], how=how))

    def _send(self, identity: str, kind: str, data: object) -> None:
        self._server.send_to_client(Message(kind, data, identity))


def main() -> None:
    """Serve one run: `python -m loadtests.distributed.coordinator HOST:PORT WORKERS`."""
    address, workers = Address.read(sys.argv[1], "--bind"), int(sys.argv[2])
    answers: BinaryIO = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        server = zmqrpc.Server(*address)
    except RPCError as error:
        send(answers, CannotListen(why=str(error)))
        return
    send(answers, Listening(port=server.port))
    Coordinator(server, workers, answers).serve()
    server.close(linger=1000)


if __name__ == "__main__":
    main()
