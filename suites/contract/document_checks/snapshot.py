"""The committed copy of a document: how it is written, where it differs from another, what it was at a commit."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.errors import RequestError
from harness.openapi_document import Node

_GIT_TIMEOUT_S = 60


def written(document: Node, base_url: str) -> str:
    """Return the text of a snapshot: the same for the same document, whatever port it was served on this time."""
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)
    return text.replace(base_url, "http://target") + "\n"


def differences(committed: Any, served: Any, place: str = "#") -> Iterator[str]:
    """Yield where two documents differ, a line for each place."""
    if isinstance(committed, Mapping) and isinstance(served, Mapping):
        for name in sorted({*committed, *served}):
            inside = f"{place}/{name.replace('~', '~0').replace('/', '~1')}"
            if name not in served:
                yield f"{inside}: is no longer served"
            elif name not in committed:
                yield f"{inside}: is served, and not in the snapshot"
            else:
                yield from differences(committed[name], served[name], inside)
    elif isinstance(committed, list) and isinstance(served, list) and len(committed) == len(served):
        for number, (one, other) in enumerate(zip(committed, served, strict=True)):
            yield from differences(one, other, f"{place}/{number}")
    elif json.dumps(committed) != json.dumps(served):
        yield f"{place}: {_shown(committed)} in the snapshot, {_shown(served)} is served"


def at_commit(file: Path, ref: str) -> str | None:
    """Return what a file held at a commit; None where it was not there.

    Raises:
        RequestError: there is no git, it does not know the commit, or it cannot give the file out.

    """
    commit = _git(file.parent, "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}")
    if commit.returncode != 0:
        said = " ".join(commit.stderr.split())
        raise RequestError(f"--base-ref {ref}: git knows no such commit in {file.parent}: {said}")
    name = commit.stdout.strip()
    if not _git(file.parent, "ls-tree", name, f"./{file.name}").stdout.strip():
        return None
    shown = _git(file.parent, "show", f"{name}:./{file.name}")
    if shown.returncode != 0:  # a clone may lack what it knows of
        said = " ".join(shown.stderr.split())
        raise RequestError(f"--base-ref {ref}: git does not give out {file.name} there: {said}")
    return shown.stdout


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    git = shutil.which("git")
    if git is None:
        raise RequestError("--base-ref: git is needed for it, and is not on PATH")
    return subprocess.run(
        [git, "-C", folder, *arguments],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        timeout=_GIT_TIMEOUT_S,
    )


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"
