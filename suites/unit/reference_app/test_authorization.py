"""Who may do what, as the policy says it."""

import pytest

from reference_app.errors import ForbiddenError
from reference_app.models import Role, Scope
from reference_app.services.authorization import POLICY, Action, Who, authorize_function, authorize_object
from reference_app.services.principal import Principal

ALICE = Principal(1, "alice", Role.MEMBER)
BOB = Principal(2, "bob", Role.MEMBER)
ADMIN = Principal(3, "admin", Role.ADMIN)
OF_OWNERS = [action for action, rule in POLICY.items() if rule.who is Who.OWNER]
OF_ADMINS = [action for action, rule in POLICY.items() if rule.who is Who.ADMIN]


def token_of(principal: Principal, *scopes: Scope) -> Principal:
    """Return the user as an API token of theirs with these scopes."""
    return Principal(principal.user_id, principal.username, principal.role, frozenset(scopes))


def test_every_action_has_a_rule() -> None:
    """Nothing can be asked for that the policy does not know."""
    assert set(Action) == set(POLICY)


@pytest.mark.parametrize("action", OF_OWNERS)
@pytest.mark.parametrize("principal", [ALICE, ADMIN], ids=lambda principal: principal.username)
def test_owner_and_admin(action: Action, principal: Principal) -> None:
    """The owner and admins may change an object."""
    authorize_object(principal, action, ALICE.user_id)


@pytest.mark.parametrize("action", OF_OWNERS)
def test_others(action: Action) -> None:
    """Another member may not, though such a user may in general."""
    authorize_function(BOB, action)
    with pytest.raises(ForbiddenError, match="owner or an admin"):
        authorize_object(BOB, action, ALICE.user_id)


@pytest.mark.parametrize("action", OF_ADMINS)
def test_admins_only(action: Action) -> None:
    """What is for admins is for no member."""
    authorize_function(ADMIN, action)
    with pytest.raises(ForbiddenError, match="Only an admin"):
        authorize_function(ALICE, action)


@pytest.mark.parametrize("action", Action)
def test_token_needs_the_scope(action: Action) -> None:
    """A token does what its scopes name, and what no scope names needs a session."""
    scope = POLICY[action].scope
    if scope:
        authorize_function(token_of(ADMIN, scope), action)
    others = token_of(ADMIN, *(set(Scope) - {scope}))
    with pytest.raises(ForbiddenError, match="This token may not"):
        authorize_function(others, action)


def test_token_is_no_more_than_its_owner() -> None:
    """A member's token with every scope does nothing that the member may not."""
    with pytest.raises(ForbiddenError, match="Only an admin"):
        authorize_function(token_of(ALICE, *Scope), Action.READ_AUDIT)
    with pytest.raises(ForbiddenError, match="owner or an admin"):
        authorize_object(token_of(BOB, *Scope), Action.CHANGE_PIPELINE, ALICE.user_id)
