"""What can go wrong, in the application's own words; `api/problems.py` gives each its HTTP status.

AppError
├── NotAuthenticatedError       no session or token, or one that has ended
├── WrongCredentialsError       a login that names no active user with that password
├── ForbiddenError              the user may not do this to that object
├── NotFoundError               no such object
├── ConflictError               the object's state, or another object, stands in the way
├── PreconditionFailedError     the object has changed since the client read it
├── PreconditionRequiredError   a change must name the version that it changes
├── MissingKeyError             a creating call must carry an idempotency key
├── InvalidInputError           the request breaks a rule; carries one `Violation` per place
├── TooManyAttemptsError        come back later; carries the seconds
└── UnavailableError            something that this request needs does not answer
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


class AppError(Exception):
    """Parent of every error that the application raises by itself; its text may be shown to clients."""


class NotAuthenticatedError(AppError):
    """The request carries no session, or one that has ended."""


class WrongCredentialsError(AppError):
    """No active user has this name and password, and code where one is needed; which is wrong stays unsaid.

    `user_id` is for the audit trail: whose name was given, if it is anybody's.
    """

    def __init__(self, user_id: int | None = None) -> None:
        super().__init__("The username or the password is wrong.")
        self.user_id = user_id


class ForbiddenError(AppError):
    """The user is known, and may not do this."""


class NotFoundError(AppError):
    """No object has this identity."""

    def __init__(self, kind: str, identity: int | str) -> None:
        super().__init__(f"There is no {kind} {identity}.")


class ConflictError(AppError):
    """The request is well-formed, and the present state does not allow it."""


class PreconditionFailedError(AppError):
    """The object is not the version that If-Match names any more."""


class PreconditionRequiredError(AppError):
    """The change names no version; without one, somebody else's change could be overwritten unseen."""


class MissingKeyError(AppError):
    """The creating call carries no Idempotency-Key; without one, a repeated call has a second effect."""


@dataclass(frozen=True)
class Violation:
    """One broken rule: which part of the request, a JSON pointer inside that part, and what is wrong."""

    part: Literal["path", "query", "header", "body"]
    pointer: str
    detail: str


class InvalidInputError(AppError):
    """The request breaks rules that the API document states."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("The request is not valid.")
        self.violations = tuple(violations)


class TooManyAttemptsError(AppError):
    """Too many attempts within a time; `retry_after_s` is when the next may be made.

    `is_news` marks the one refusal of that time which goes to the audit trail: the others are noise, and
    whoever is refused must not make us write.
    """

    def __init__(self, message: str, retry_after_s: int, *, is_news: bool = False) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.is_news = is_news


class UnavailableError(AppError):
    """A service that this request cannot do without does not answer."""
