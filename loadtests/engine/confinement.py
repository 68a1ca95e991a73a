"""Load goes only to the target: no URL of a journey, and no redirect of the target, leads a user elsewhere.

Whatever kind of client a user has, what would go to another origin is a failed request, and nothing is sent. Imports
Locust.
"""

from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
from locust import FastHttpUser, HttpUser
from requests.adapters import BaseAdapter

from loadtests.client.user import LeanHttpUser

PORTS = {"http": 80, "https": 443}


def confine(user: Any, base_url: str) -> None:
    """Let a user's client reach nothing but the origin of a URL."""
    if isinstance(user, LeanHttpUser):
        user.client.stay_at_home()
    elif isinstance(user, HttpUser):
        _confine_requests(user, base_url)
    elif isinstance(user, FastHttpUser):
        _confine_geventhttpclient(user, base_url)


def _confine_requests(user: Any, base_url: str) -> None:
    """Let only URLs with the target's beginning find an adapter that sends."""
    parts = urlsplit(base_url)
    sending = user.client.get_adapter(base_url)
    user.client.adapters.clear()
    for prefix in ("http://", "https://"):
        user.client.mount(prefix, _Refusing(base_url))
    user.client.mount(f"{parts.scheme}://{parts.netloc}/", sending)


class _Refusing(BaseAdapter):
    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url

    def send(self, *_request: Any, **_options: Any) -> requests.Response:
        """Refuse."""
        raise requests.ConnectionError(_refusal(self._base_url))

    def close(self) -> None:
        """Nothing is open."""


def _confine_geventhttpclient(user: Any, base_url: str) -> None:
    pool = user.client.client.clientpool
    get_client, home = pool.get_client, _origin(urlsplit(base_url))

    def get_client_of_target(url: Any) -> Any:
        if (url.scheme, url.host, url.port) != home:
            raise ConnectionError(_refusal(base_url))
        return get_client(url)

    pool.get_client = get_client_of_target


def _refusal(base_url: str) -> str:
    return f"load goes only to {base_url}, and this would have gone elsewhere"


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme]
