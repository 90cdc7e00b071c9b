"""Where tests of ``org-mfa-guardrail`` begin, and what must be true after every way out of it."""

import json
from collections.abc import Mapping
from typing import Any

from iamflow.domain.effect import OutcomeKind
from iamflow.domain.guardrail import policy_name
from iamflow.domain.ids import AccountId
from iamflow.domain.people import Identity
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket
from iamflow.engine import steer
from iamflow.engine.opening import Named, open_by_hand
from tests.world import ACCOUNT, ALICE, BOB, DAY, World

CAROL = Identity(os="carol")
USER_KEY = "AKIAYF5JKDJQS3LDLOIV"
CREATE, ATTACH, DETACH, DELETE = "CreatePolicy", "AttachPolicy", "DetachPolicy", "DeletePolicy"


def home(world: World) -> AccountId:
    """The management account."""
    return AccountId(world.sandbox.settings.home_account)


def organizations(world: World) -> Any:
    """Organizations, as an administrator of the management account calls it."""
    return world.sandbox.owner.client(home(world), "organizations")


def a_unit(world: World, *accounts: str) -> str:
    """An organisational unit with these accounts in it."""
    unit = world.sandbox.seed.unit("workloads")
    for account in accounts or (ACCOUNT,):
        organizations(world).move_account(AccountId=account, SourceParentId="r-exam", DestinationParentId=unit)
    return unit


def a_safe_user(world: World, name: str = "maria", account: str = ACCOUNT) -> None:
    """A user who signs in with MFA: the policy takes nothing from her."""
    world.user(name, AccountId(account), password=True, mfa="Virtual")


def a_ticket(world: World, target: str | None = None) -> str:
    """A ticket about a target, opened by Alice; returns its number, as people write it."""
    opened = open_by_hand(world.desk(ALICE), "org-mfa-guardrail", home(world), Named(target=target or ACCOUNT))
    return str(opened.id)


def awaiting(world: World, target: str | None = None) -> str:
    """A ticket that waits for approvals."""
    ref = a_ticket(world, target)
    world.pass_until(State.AWAITING_APPROVAL, ref)
    return ref


def approve(world: World, ref: str, **more: object) -> None:
    """Let two people who did not open the ticket approve it."""
    for person in (BOB, CAROL):
        steer.approve(world.desk(person), ref, **more)  # type: ignore[arg-type]  # the options of approve


def attached(world: World, target: str | None = None) -> str:
    """A ticket whose policy has just been seen on its target, where it takes nothing from anybody."""
    a_safe_user(world)
    ref = awaiting(world, target)
    approve(world, ref)
    ticket = world.pass_until(State.ATTACHED, ref, days=1)
    assert ticket.key_was_deactivated
    assert on(world, target or ACCOUNT) == [policy_name(ticket.id)]
    return ref


def watched(world: World, target: str | None = None) -> str:
    """A ticket that was watched to the end of its window, and waits for a person."""
    ref = attached(world, target)
    world.pass_until(State.MONITORING, ref, days=1)
    world.pass_days(3)
    return ref


def on(world: World, target: str) -> list[str]:
    """Return the policies of iamflow on a target, by AWS's own account."""
    listed = organizations(world).list_policies_for_target(TargetId=target, Filter="SERVICE_CONTROL_POLICY")
    return [one["Name"] for one in listed["Policies"] if one["Name"] != "FullAWSAccess"]


def policies(world: World) -> list[str]:
    """Return every policy of the organisation but AWS's own."""
    listed = organizations(world).list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
    return [one["Name"] for one in listed if not one["AwsManaged"]]


def check_journal(world: World) -> None:
    """Check that each change that AWS knows of is one intent that is done, and that the journal is whole."""
    stored = world.app.store.intents()
    assert [entry.intent for entry in stored if entry.outcome is None] == []
    done = [entry.intent.effect for entry in stored if entry.outcome and entry.outcome.kind is OutcomeKind.DONE]
    assert [change.operation for change in world.changes()] == [effect.kind.call.split(":")[1] for effect in done]
    assert list(world.app.store.verify()) == []


def check_gone(world: World, ref: str) -> Ticket:
    """Check that nothing is left of the policy."""
    assert policies(world) == []
    check_journal(world)
    return world.ticket(ref)


def a_key(world: World, name: str = "etl", key: str = USER_KEY, *, idle: float = 1) -> None:
    """A user whose key was used so many days ago."""
    world.user(name)
    world.key(key, name, idle=idle * DAY)  # type: ignore[arg-type]


def a_role(world: World) -> None:
    """A role of the account under which an application runs."""
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam = world.sandbox.owner.client(ACCOUNT, "iam")
    iam.create_role(RoleName="app", AssumeRolePolicyDocument=_policy(trust))
    iam.put_role_policy(RoleName="app", PolicyName="all", PolicyDocument=_policy(allow))


def _policy(statement: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
