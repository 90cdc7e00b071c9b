"""A policy that iamflow did not write is never overwritten, attached or removed; what does not fit is not put."""

import json
from dataclasses import replace

import pytest

from iamflow.domain.require_mfa import INLINE_MOST, INLINE_NAME, MANAGED_NAMES
from iamflow.domain.states import Resolution, State
from iamflow.engine import steer
from tests.engine.browning import iam, policies
from tests.engine.requiring import (
    ATTACH,
    CREATE,
    DELETE,
    MANAGED,
    NAME,
    PUT,
    a_ticket,
    a_user,
    check_journal,
    check_way_out,
    enforced,
    enrol,
    notified,
    put,
    required_of,
)
from tests.world import ACCOUNT, World

FOREIGN = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}


def _document(world: World) -> object:
    return iam(world).get_user_policy(UserName=NAME, PolicyName=INLINE_NAME)["PolicyDocument"]


def test_an_inline_policy_of_that_name_blocks_the_ticket_and_stays_as_it_is(world: World) -> None:
    ref = notified(world)
    put(world, INLINE_NAME, FOREIGN)

    ticket = world.pass_until(State.BLOCKED, ref)

    assert ticket.blocked_code == "mfa_policy_foreign"
    assert world.changes() == []
    assert _document(world) == FOREIGN


@pytest.mark.parametrize("world", [MANAGED], indirect=True)
def test_a_managed_policy_of_that_name_blocks_the_ticket_and_is_not_attached(world: World) -> None:
    ref = notified(world)
    iam(world).create_policy(PolicyName=MANAGED_NAMES[0], PolicyDocument=json.dumps(FOREIGN))

    assert world.pass_until(State.BLOCKED, ref).blocked_code == "mfa_policy_foreign"
    assert world.changes() == []


@pytest.mark.parametrize("world", [MANAGED], indirect=True)
def test_a_managed_policy_that_somebody_attached_blocks_the_ticket_and_stays_attached(world: World) -> None:
    a_user(world, "omar")
    first = str(a_ticket(world, "omar").id)
    world.pass_until(State.ENFORCED, first)
    ref = notified(world)
    iam(world).attach_user_policy(UserName=NAME, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/{MANAGED_NAMES[0]}")

    assert world.pass_until(State.BLOCKED, ref).blocked_code == "mfa_policy_attached"
    assert world.calls_made() == [CREATE, ATTACH]


@pytest.mark.parametrize("out", ["rollback", "device"])
def test_a_policy_that_somebody_changed_meanwhile_is_left_to_a_person_in_every_way_out(world: World, out: str) -> None:
    ref = enforced(world)
    put(world, INLINE_NAME, FOREIGN)
    assert world.pass_until(State.BLOCKED, ref).blocked_code == "mfa_policy_foreign"
    if out == "rollback":
        steer.rollback(world.desk(), ref)
    else:
        api = iam(world)
        api.create_virtual_mfa_device(VirtualMFADeviceName=NAME)
        api.enable_mfa_device(
            UserName=NAME,
            SerialNumber=f"arn:aws:iam::{ACCOUNT}:mfa/{NAME}",
            AuthenticationCode1="123456",
            AuthenticationCode2="654321",
        )
    world.pass_days(2)
    assert world.ticket(ref).state is State.BLOCKED
    assert world.calls_made() == [PUT]
    assert _document(world) == FOREIGN

    iam(world).delete_user_policy(UserName=NAME, PolicyName=INLINE_NAME)

    ended = State.ROLLED_BACK if out == "rollback" else State.REMEDIATED
    world.pass_until(ended, ref)
    check_way_out(world, ref)


def test_a_policy_that_somebody_removed_ends_the_ticket_and_is_said_aloud(world: World) -> None:
    ref = enforced(world)
    iam(world).delete_user_policy(UserName=NAME, PolicyName=INLINE_NAME)

    ticket = world.pass_until(State.RESOLVED, ref)

    assert ticket.resolution is Resolution.POLICY_REMOVED
    assert any("Attention: MFA of user" in mail and "somebody other than iamflow" in mail for mail in world.mails())
    check_way_out(world, ref)


def test_a_policy_that_the_user_has_and_the_ticket_does_not_know_of_is_taken_away(world: World) -> None:
    ref = enforced(world)
    known = world.ticket(ref)
    blank = replace(known.progress, mfa_policy=None, deactivated_at=None)
    _restore(world, replace(known, state=State.ON_HOLD, came_from=State.NOTIFIED, progress=blank))

    world.pass_days(1)

    assert world.calls_made() == [PUT, DELETE]
    assert required_of(world) == 0
    assert world.ticket(ref).state is State.ON_HOLD


def _restore(world: World, as_it_was: object) -> None:
    """Write a ticket as an older backup would have it."""
    from iamflow.domain.ticket import Ticket
    from iamflow.engine.ports import Change

    assert isinstance(as_it_was, Ticket)
    now = world.ticket(str(as_it_was.id))
    world.app.store.commit(
        [Change(before=replace(now, lease=None), after=replace(as_it_was, due_at=world.clock.now()))]
    )


def test_inline_policies_that_would_be_too_long_together_are_not_tried(world: World) -> None:
    ref = notified(world)
    _fill(world, room=300)

    ticket = world.pass_until(State.BLOCKED, ref)

    assert ticket.blocked_code == "inline_policies_too_long"
    assert f"IAM allows {INLINE_MOST}" in (ticket.blocked_reason or "")
    assert PUT not in [done.operation for done in world.sandbox.mutations() if done.role_name == "iamflow"]


def test_white_space_is_not_counted(world: World) -> None:
    ref = notified(world)
    _fill(world, room=600, blanks=1000)

    world.pass_until(State.ENFORCED, ref)


@pytest.mark.parametrize("world", [MANAGED], indirect=True)
def test_a_managed_policy_needs_no_room_among_the_inline_ones(world: World) -> None:
    ref = notified(world)
    _fill(world, room=10)

    world.pass_until(State.ENFORCED, ref)
    assert enrol(world).ok
    world.pass_until(State.REMEDIATED, ref)
    check_journal(world)


def _fill(world: World, *, room: int, blanks: int = 0) -> None:
    """Give the user an inline policy that leaves that much room, in characters that count."""
    api = iam(world)
    used = sum(
        len("".join(json.dumps(api.get_user_policy(UserName=NAME, PolicyName=name)["PolicyDocument"]).split()))
        for name in policies(world, NAME)
    )
    frame = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::%s"}]}'
    )
    letters = INLINE_MOST - room - used - len(frame) + 2
    document = frame % ("b" * letters)
    api.put_user_policy(UserName=NAME, PolicyName="work", PolicyDocument=document.replace(",", "," + " " * blanks, 1))
