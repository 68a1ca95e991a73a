"""Guessing is slow: who failed too often waits, and no password is looked at meanwhile.

Failures count in three budgets of a quarter of an hour:

- of one address, over all accounts: against one guesser with many names;
- of one account, from all addresses from which it never logged in: against many guessers with one name;
- of one account at one address from which it has logged in: all that counts for such an attempt, so that
  strangers, also those with the same address and other names, do not lock the owner out.

Attempts that are under way at once are not counted until they fail: a process looks at no more of them
than it has threads, and more than that many guesses a window nobody gains.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter

from reference_app.addresses import network_of
from reference_app.errors import ForbiddenError, TooManyAttemptsError, WrongCredentialsError
from reference_app.repositories.login_failures import Budget, LoginFailureRepository


class LoginThrottle:
    """Says who must wait. Names need not exist: what does not exist is refused alike."""

    def __init__(self, failures: LoginFailureRepository, per_address: int, per_account: int) -> None:
        self._failures = failures
        self._per_address = per_address
        self._per_account = per_account

    @contextmanager
    def guard(self, username: str, address: str | None) -> Iterator[None]:
        """Let an attempt be made, and count it when a wrong password or code ends it.

        Raises `TooManyAttemptsError`, the same for every budget and name, when the attempt must wait.
        """
        network = network_of(address)
        of_address = Budget(self._per_address, ("address", network))
        if self._failures.is_known(username, network):
            of_account = Budget(self._per_account, ("known", username, network))
            self._refuse_beyond(of_account)
        else:
            of_account = Budget(self._per_account, ("strangers", username))
            self._refuse_beyond(of_account, of_address)
        try:
            yield
        except (WrongCredentialsError, ForbiddenError):
            self._failures.add(of_account)
            self._failures.add(of_address)
            raise

    def remember(self, username: str, address: str | None) -> None:
        """Give the account a budget of its own at this address, because it has logged in from there."""
        self._failures.remember(username, network_of(address))

    def _refuse_beyond(self, *budgets: Budget) -> None:
        wait_s, used_up = max(((self._failures.wait_s(budget), budget) for budget in budgets), key=itemgetter(0))
        if wait_s:
            is_news = self._failures.tell_once(used_up, wait_s)
            raise TooManyAttemptsError("Too many attempts have failed. Try again later.", wait_s, is_news=is_news)
