"""Where tests of the brown-out begin, and what must be true after every way out of one."""

from typing import Any

from botocore.exceptions import ClientError

from iamflow.domain.brownout import policy_name
from iamflow.domain.effect import OutcomeKind
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket
from tests.world import ACCOUNT, KEY, World

KEYS_ONLY = "rules: {open: {user-unused: none}}"
"""Settings under which an old, idle key is a finding, and its user is none."""
HALF_A_DAY = f"workflows: {{disable-key: {{brownout: 12h}}}}\n{KEYS_ONLY}"
"""Settings that ask for a brown-out, which the poll of a test's world looks at once before its end."""

ATTACH, LIFT = "PutUserPolicy", "DeleteUserPolicy"


def browned_out(world: World) -> Ticket:
    """An old, idle key, the only one of its user, on which the deny has just been seen."""
    world.user()
    world.take_in(world.key())
    ticket = world.pass_until(State.BROWNOUT)
    assert ticket.is_denied
    assert policies(world) == [policy_name(ticket.id)]
    return ticket


def iam(world: World) -> Any:
    """Return a boto3 client of IAM in the account, as the people of the organisation use it beside iamflow."""
    return world.sandbox.owner._iam(ACCOUNT)


def policies(world: World, name: str = "etl") -> list[str]:
    """Return the names of the inline policies that AWS says the user has; none of a user who does not exist."""
    try:
        listed: list[str] = iam(world).list_user_policies(UserName=name)["PolicyNames"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        return []
    return listed


def check_way_out(world: World) -> None:
    """Check that nothing is left on the user, and that the journal says exactly what AWS says was done."""
    assert policies(world) == []
    assert not world.ticket(KEY).is_denied
    check_journal(world)


def check_journal(world: World) -> None:
    """Check that each change that AWS knows of is one intent that is done, and that the journal is whole."""
    stored = world.app.store.intents()
    assert [entry.intent for entry in stored if entry.outcome is None] == []
    done = [entry.intent.effect for entry in stored if entry.outcome and entry.outcome.kind is OutcomeKind.DONE]
    made = [
        (change.operation, change.parameters.get("policyName") or change.access_key_id) for change in world.changes()
    ]
    assert made == [(effect.kind.call.removeprefix("iam:"), (*effect.targets, effect.key_id)[0]) for effect in done]
    assert list(world.app.store.verify()) == []
