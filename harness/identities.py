"""Identities of a target: users that can log in, from a Web Fuzzing Commons auth file (YAML).

Supported of the format: `fixedHeaders`, and `loginEndpointAuth` with `payloadRaw` or `payloadUserPwd`, and a
token taken from the body (JSON pointer) or a header, or cookies. Anything else is refused by name rather than
ignored.
"""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml

from harness.asking import ask, read_all
from harness.errors import IdentityRefused, TargetFileError
from harness.target import Target

LOGIN_TIMEOUT_S = 30.0


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A mapping of the auth file."""


class Header(_Entry, frozen=True):
    """A header sent as it is."""

    name: str
    value: str


class UserPassword(_Entry, frozen=True):
    """User name and password, and the fields in which the login endpoint wants them."""

    username: str
    password: str
    username_field: str
    password_field: str


class Token(_Entry, frozen=True):
    """Where the login answer holds the token, and how it is sent afterwards (`{token}` in the template)."""

    extract_from: Literal["body", "header"]
    extract_selector: str
    send_in: Literal["header"] = "header"
    send_name: str = "Authorization"
    send_template: str = "{token}"


class Login(_Entry, frozen=True):
    """A call to the target that answers with a token or cookies."""

    endpoint: str
    verb: Literal["POST", "GET", "PUT", "PATCH"] = "POST"
    content_type: str = "application/json"
    payload_raw: str | None = None
    payload_user_pwd: UserPassword | None = None
    headers: tuple[Header, ...] = ()
    expect_cookies: bool = False
    token: Token | None = None


class Identity(_Entry, frozen=True):
    """One user of the target."""

    name: str
    fixed_headers: tuple[Header, ...] = ()
    login_endpoint_auth: Login | None = None

    @property
    def carriers(self) -> frozenset[str]:
        """The headers that carry it, in lower case."""
        login = self.login_endpoint_auth
        token = [login.token.send_name] if login and login.token else []
        cookie = ["cookie"] if login and login.expect_cookies else []
        return frozenset(name.lower() for name in (*(one.name for one in self.fixed_headers), *token, *cookie))

    def log_in(self, base_url: str) -> dict[str, str]:
        """Log in at a served target and return the headers that carry the identity.

        Raises:
            IdentityRefused: the target did not answer with a token or cookies; says what it answered.

        """
        headers = {header.name: header.value for header in self.fixed_headers}
        if self.login_endpoint_auth:
            headers |= _log_in(self.name, self.login_endpoint_auth, base_url)
        return headers


class _Template(_Entry, frozen=True):
    """Values shared by all identities of the file."""

    fixed_headers: tuple[Header, ...] = ()
    login_endpoint_auth: dict[str, Any] = {}


class _AuthFile(_Entry, frozen=True):
    auth: Annotated[tuple[dict[str, Any], ...], msgspec.Meta(min_length=1)]
    auth_template: _Template = _Template()
    schema_version: str = ""


def read_identities(target: Target) -> dict[str, Identity]:
    """Return the identities of a target by name, in the order of the auth file; none without an [auth] table.

    Raises:
        TargetFileError: the auth file is malformed, or `auth.admin` names nobody in it.

    """
    auth = target.settings.auth
    if auth is None:
        return {}
    file = target.resolve(auth.file)
    identities = {identity.name: identity for identity in _read(file)}
    if auth.admin is not None and auth.admin not in identities:
        raise TargetFileError(
            target.file,
            "auth.admin",
            f"{auth.admin!r} is not in {file.name}; it has: {', '.join(identities)}",
        )
    return identities


def _read(file: Path) -> list[Identity]:
    try:
        parsed = msgspec.convert(yaml.safe_load(file.read_text(encoding="utf-8")), _AuthFile)
        return [_with_template(entry, parsed.auth_template) for entry in parsed.auth]
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise TargetFileError(file, "", " ".join(str(error).split())) from error


def _with_template(entry: dict[str, Any], template: _Template) -> Identity:
    merged = dict(entry)
    if template.login_endpoint_auth and "fixedHeaders" not in entry:
        merged["loginEndpointAuth"] = {**template.login_endpoint_auth, **entry.get("loginEndpointAuth", {})}
    identity = msgspec.convert(merged, Identity)
    return msgspec.structs.replace(identity, fixed_headers=template.fixed_headers + identity.fixed_headers)


def _log_in(name: str, login: Login, base_url: str) -> dict[str, str]:
    url = urllib.parse.urljoin(base_url, login.endpoint)
    request = urllib.request.Request(url, method=login.verb, data=_payload(login))  # noqa: S310 - http(s) only: base_url is checked
    request.add_header("Content-Type", login.content_type)
    for header in login.headers:
        request.add_header(header.name, header.value)
    try:
        with ask(request, LOGIN_TIMEOUT_S) as answer:
            return _credentials(login, answer)
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(300).decode(errors="replace").strip()
        raise IdentityRefused(
            f"identity {name}: {login.verb} {url} answered {error.code} {error.reason}: {said}"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise IdentityRefused(f"identity {name}: {login.verb} {url}: {error}") from error
    except (LookupError, ValueError) as error:
        raise IdentityRefused(f"identity {name}: {login.verb} {url} answered without a token: {error}") from error


def _payload(login: Login) -> bytes | None:
    if login.payload_raw is not None:
        return login.payload_raw.encode()
    user = login.payload_user_pwd
    if user is None:
        return None
    fields = {user.username_field: user.username, user.password_field: user.password}
    if login.content_type == "application/x-www-form-urlencoded":
        return urllib.parse.urlencode(fields).encode()
    return json.dumps(fields).encode()


def _credentials(login: Login, answer: Any) -> dict[str, str]:
    headers: dict[str, str] = {}
    if login.expect_cookies:
        cookies = [line.split(";", 1)[0] for line in answer.headers.get_all("Set-Cookie") or []]
        if not cookies:
            raise LookupError("no Set-Cookie header")
        headers["Cookie"] = "; ".join(cookies)
    if login.token:
        token = _extract(login.token, answer)
        headers[login.token.send_name] = login.token.send_template.replace("{token}", token)
    return headers


def _extract(token: Token, answer: Any) -> str:
    if token.extract_from == "header":
        return str(answer.headers[token.extract_selector] or _missing(token.extract_selector))
    value: Any = json.loads(read_all(answer))
    for step in filter(None, token.extract_selector.split("/")):
        value = value[int(step)] if isinstance(value, list) else value[step.replace("~1", "/").replace("~0", "~")]
    return str(value)


def _missing(header: str) -> str:
    raise LookupError(f"no header {header}")
