"""Runs a target as a real process on a free port, until it is ready, and stops it."""

import http.client
import os
import shlex
import sys
import urllib.error
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.asking import ask
from harness.errors import (
    PrepareFailed,
    TargetExited,
    TargetFileError,
    TargetNotReady,
    TimedOut,
)
from harness.guardian import GuardedProcess, Guardian
from harness.ports import LOOPBACK, claim_port, free_port
from harness.target import Command, Serve, Target
from harness.wait import wait_for

PREPARE_TIMEOUT_S = 300.0
_PROBE_TIMEOUT_S = 2.0


class ServedTarget:
    """A target that answers; `restart` starts its process anew on the same port."""

    def __init__(self, target: Target, guardian: Guardian, environment: Mapping[str, str]) -> None:
        if target.settings.serve is None:
            raise TargetFileError(target.file, "serve", "is needed to start this target")
        self._serve: Serve = target.settings.serve
        self._target = target
        self._guardian = guardian
        self._environment = environment
        self._port = claim_port(self._serve.port) if self._serve.port else free_port()
        self.base_url = f"http://{LOOPBACK}:{self._port}"
        self.log = guardian.folder / f"{target.name}-{self._port}.log"
        self._process = self._start()

    @property
    def pid(self) -> int:
        """Process id of the server (its leader, where it has several processes)."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.exit_code is None

    def await_ready(self) -> None:
        """Wait until the target answers its readiness path.

        Raises:
            TargetExited: its process ended instead.
            TargetNotReady: it runs, and did not.

        """
        self._await(self._process)

    def restart(self, between: Callable[[], object] = lambda: None) -> None:
        """Stop the target's process, do something, and start it again on the same port."""
        self.stop()
        between()
        self._process = self._start()

    def stop(self) -> None:
        """Stop the target's process; its group is killed if it does not end when asked."""
        self._process.stop()

    def _start(self) -> GuardedProcess:
        words = {"python": sys.executable, "port": str(self._port)}
        environment = dict(self._environment)
        environment |= {key: _fill(value, words) for key, value in self._serve.environment.items()}
        process = _spawn(
            self._target, self._guardian, self._serve.command, words, environment, self.log, "serve.command"
        )
        try:
            self._await(process)
        except TargetNotReady:
            process.stop()
            raise
        return process

    def _await(self, process: GuardedProcess) -> None:
        try:
            wait_for(
                lambda: self._is_ready(process),
                what=f"{self._target.name}: a 2xx answer of {self._serve.ready}",
                timeout_s=self._serve.ready_timeout_s,
                transient=(_NotYet,),
                interval_s=0.01,
                longest_interval_s=0.04,
            )
        except TimedOut as error:
            raise TargetNotReady(f"{error}; its last output:{process.last_output()}") from error

    def _is_ready(self, process: GuardedProcess) -> bool:
        code = process.exit_code
        if code is not None:
            raise TargetExited(
                f"{self._target.name}: {shlex.join(process.argv)} ended with code {code} before it was ready;"
                f" its last output:{process.last_output()}"
            )
        return _answers(self.base_url + self._serve.ready)


class _NotYet(Exception):
    """The target gave no 2xx answer this time; says what it gave."""


def _answers(url: str) -> bool:
    """Whether a URL answers 2xx; anything else is `_NotYet`, with what came instead."""
    status = _status(url)
    if not 200 <= status < 300:  # noqa: PLR2004 - the 2xx class
        raise _NotYet(f"it answered {status}")
    return True


def _status(url: str) -> int:
    """Return the status of a GET; `_NotYet` when nothing answers."""
    try:
        with ask(url, _PROBE_TIMEOUT_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except (OSError, http.client.HTTPException) as error:
        raise _NotYet(f"no answer ({error})") from error


def await_given_target(target: Target, base_url: str) -> None:
    """Prove that a target that somebody else runs answers at all, with whatever status.

    Raises:
        TargetNotReady: nothing answers there.

    """
    try:
        _status(base_url)
    except _NotYet as error:
        raise TargetNotReady(f"{target.name}: base_url {base_url}: {error}") from error


def run_commands(
    target: Target, guardian: Guardian, commands: tuple[Command, ...], environment: Mapping[str, str]
) -> None:
    """Run the target's migrate or seed commands, one after the other.

    Raises:
        PrepareFailed: one ended with an error or took longer than five minutes; shows its last output.

    """
    for command in commands:
        log = guardian.folder / f"{target.name}-prepare.log"
        process = _spawn(target, guardian, command, {"python": sys.executable}, environment, log, "prepare")
        try:
            code = process.wait(PREPARE_TIMEOUT_S)
        except TimedOut as error:
            process.stop()
            raise PrepareFailed(f"{target.name}: {error}:{process.last_output()}") from error
        if code != 0:
            raise PrepareFailed(
                f"{target.name}: {shlex.join(process.argv)} ended with code {code}:{process.last_output()}"
            )


def target_environment(target: Target, urls: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the target's processes: ours, its own settings, and the services' URLs."""
    own = target.settings.serve.environment if target.settings.serve else {}
    own = {key: value for key, value in own.items() if "{port}" not in value}
    return {**os.environ, **own, **urls}


def _spawn(
    target: Target,
    guardian: Guardian,
    command: Command,
    words: Mapping[str, str],
    environment: Mapping[str, str],
    log: Path,
    key: str,
) -> GuardedProcess:
    argv = [_fill(word, words) for word in command]
    scratch = guardian.folder / "tmp"  # what a killed target leaves in its temporary folder goes with the run
    scratch.mkdir(exist_ok=True)
    try:
        return guardian.spawn(argv, output=log, cwd=target.directory, env={**environment, "TMPDIR": str(scratch)})
    except FileNotFoundError as error:
        raise TargetFileError(target.file, key, f"{argv[0]!r} does not exist or is not on PATH") from error
    except PermissionError as error:
        raise TargetFileError(target.file, key, f"{argv[0]!r} may not be executed") from error


def _fill(text: str, words: Mapping[str, str]) -> str:
    """Fill {python} and {port} in; other braces stay as they are."""
    for name, value in words.items():
        text = text.replace(f"{{{name}}}", value)
    return text
