"""Where tests of ``enforce-mfa`` begin, and what must be true after every way out of it."""

import json
from collections.abc import Mapping
from typing import Any

from iamflow.domain.effect import OutcomeKind
from iamflow.domain.facts import UserFacts
from iamflow.domain.ids import TicketId, UserName
from iamflow.domain.people import RULES, Identity
from iamflow.domain.require_mfa import INLINE_NAME, MANAGED_NAMES
from iamflow.domain.states import State
from iamflow.domain.ticket import NewTicket, Ticket
from tests.engine.browning import iam, policies
from tests.world import ACCOUNT, START, World

NAME = "maria"
MANAGED = "workflows: {enforce-mfa: {policy: managed}}"
PUT, DELETE = "PutUserPolicy", "DeleteUserPolicy"
CREATE, ATTACH, DETACH = "CreatePolicy", "AttachUserPolicy", "DetachUserPolicy"

SELF_SERVICE: Mapping[str, object] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ListMFADevices", "iam:GetUser"],
            "Resource": ["arn:aws:iam::*:mfa/*", "arn:aws:iam::*:user/${aws:username}"],
        },
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
    ],
}
"""What a company gives its people, so that they can enrol a device themselves and work."""


def a_ticket(world: World, name: str = NAME, requester: Identity = RULES) -> Ticket:
    """Open a ticket about a user, as an audit that found a password and no MFA device would."""
    facts = UserFacts(
        console=True,
        mfa=False,
        password_last_used=None,
        key_last_used=None,
        created_at=None,
        as_of=START,
        source="iam-audit:test.csv",
    )
    new = NewTicket(
        workflow="enforce-mfa",
        workflow_version=1,
        account_id=ACCOUNT,
        account_name="payments",
        username=UserName(name),
        requester=requester,
        facts=facts,
        opened_at=world.clock.now(),
        due_at=world.clock.now(),
    )
    (opened,) = world.app.store.open_new([new], "test")
    return opened


def a_user(world: World, name: str = NAME, *, enrols: bool = True, **more: object) -> None:
    """Make a user who signs in to the console with a password alone, and may enrol a device himself, or not."""
    world.user(name, password=True, **more)
    if enrols:
        put(world, "self-service", SELF_SERVICE, name)


def put(world: World, policy: str, document: Mapping[str, object], name: str = NAME) -> None:
    """Let somebody of the company put an inline policy on a user."""
    iam(world).put_user_policy(UserName=name, PolicyName=policy, PolicyDocument=json.dumps(document))


def notified(world: World, **more: object) -> str:
    """A user who has been told to enable MFA; returns the ticket's number, as people write it."""
    a_user(world, **more)  # type: ignore[arg-type]  # the options of a_user
    ref = str(a_ticket(world).id)
    world.pass_until(State.NOTIFIED, ref)
    return ref


def enforced(world: World, **more: object) -> str:
    """A user on whom the policy has just been seen."""
    ref = notified(world, **more)
    ticket = world.pass_until(State.ENFORCED, ref)
    assert ticket.is_denied
    assert ticket.key_was_deactivated
    assert required_of(world) == 1
    return ref


def required_of(world: World, name: str = NAME) -> int:
    """Return how many policies that require MFA the user has, by AWS's own account."""
    attached = iam(world).list_attached_user_policies(UserName=name)["AttachedPolicies"]
    return policies(world, name).count(INLINE_NAME) + sum(one["PolicyName"] in MANAGED_NAMES for one in attached)


def enrol(world: World, name: str = NAME) -> Any:
    """Let the user sign in to the console and enrol a device."""
    assert world.sandbox.console.sign_in(ACCOUNT, name).ok
    return world.sandbox.console.enrol_mfa(ACCOUNT, name)


def check_way_out(world: World, ref: str) -> Ticket:
    """Check that nothing is left on the user, and that the journal says exactly what AWS says was done."""
    ticket = world.ticket(ref)
    assert not ticket.is_denied
    if any(user == NAME for user in world.sandbox._world.iam(ACCOUNT).users):
        assert required_of(world) == 0
    check_journal(world)
    return ticket


def check_journal(world: World) -> None:
    """Check that each change that AWS knows of is one intent that is done, and that the journal is whole."""
    stored = world.app.store.intents()
    assert [entry.intent for entry in stored if entry.outcome is None] == []
    done = [entry.intent.effect for entry in stored if entry.outcome and entry.outcome.kind is OutcomeKind.DONE]
    assert [change.operation for change in world.changes()] == [
        effect.kind.call.removeprefix("iam:") for effect in done
    ]
    assert list(world.app.store.verify()) == []


def number(ref: str) -> TicketId:
    """Return a ticket's number."""
    return TicketId(int(ref))
