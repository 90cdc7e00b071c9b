"""A policy that would stop keys in use, or lock the user out, comes only after an approval, with the reason shown."""

import json

import pytest

from iamflow.domain.ids import KeyId
from iamflow.domain.require_mfa import INLINE_NAME
from iamflow.domain.states import Resolution, State
from iamflow.domain.ticket import Ticket
from iamflow.engine import queries, steer
from tests.engine.browning import iam
from tests.engine.requiring import (
    MANAGED,
    NAME,
    PUT,
    SELF_SERVICE,
    a_ticket,
    a_user,
    check_way_out,
    enforced,
    enrol,
    notified,
    put,
)
from tests.world import ACCOUNT, DAY, HOUR, KEY, START, World

OTHER_KEY = KeyId("AKIAI44QH8DHBEXAMPLE")
LOCKED_OUT = "the policy would lock the user out"


def _awaiting(world: World, ref: str) -> Ticket:
    ticket = world.pass_until(State.AWAITING_APPROVAL, ref)
    assert world.changes() == []
    return ticket


def _reasons(world: World, ref: str) -> str:
    return "; ".join(queries.reasons_in_words(queries.why(world.engine, ref)))


def test_a_user_whose_key_is_in_use_is_not_denied_by_time_alone(world: World) -> None:
    ref = notified(world)
    world.key(KEY, NAME, idle=2 * DAY)
    world.clock.set(START + 5 * DAY)
    assert world.sandbox.use_key(KEY, service="s3", operation="ListBuckets").ok

    _awaiting(world, ref)

    assert "an Active key of the user was used on" in _reasons(world, ref)
    assert any("Approval needed: require MFA" in mail and "was used on" in mail for mail in world.mails())
    steer.approve(world.desk(), ref)
    world.pass_until(State.ENFORCED, ref)
    assert world.sandbox.use_key(KEY, service="s3", operation="ListBuckets").error == "AccessDenied"


def test_a_key_that_is_inactive_or_long_unused_does_not_count(world: World) -> None:
    a_user(world)
    world.key(KEY, NAME, idle=200 * DAY)
    world.key(OTHER_KEY, NAME, idle=DAY)
    world.sandbox.owner.deactivate_key(ACCOUNT, NAME, OTHER_KEY)
    ref = str(a_ticket(world).id)

    world.pass_until(State.ENFORCED, ref)


def test_a_user_without_rights_of_his_own_is_not_locked_out_by_time_alone(world: World) -> None:
    ref = notified(world, enrols=False)

    _awaiting(world, ref)

    assert f"{LOCKED_OUT}: no policy allows the user iam:CreateVirtualMFADevice on himself" in _reasons(world, ref)
    assert any(LOCKED_OUT in " ".join(mail.split()).lower() for mail in world.mails())
    steer.approve(world.desk(), ref)
    world.pass_until(State.ENFORCED, ref)


def test_rights_that_come_with_a_group_are_rights(world: World) -> None:
    a_user(world, enrols=False)
    api = iam(world)
    api.create_group(GroupName="people")
    arn = api.create_policy(PolicyName="self-service", PolicyDocument=json.dumps(SELF_SERVICE))["Policy"]["Arn"]
    api.attach_group_policy(GroupName="people", PolicyArn=arn)
    api.add_user_to_group(GroupName="people", UserName=NAME)
    ref = str(a_ticket(world).id)

    world.pass_until(State.ENFORCED, ref)


def test_rights_in_a_groups_inline_policy_are_rights(world: World) -> None:
    a_user(world, enrols=False)
    api = iam(world)
    api.create_group(GroupName="people")
    api.put_group_policy(GroupName="people", PolicyName="self-service", PolicyDocument=json.dumps(SELF_SERVICE))
    api.add_user_to_group(GroupName="people", UserName=NAME)
    ref = str(a_ticket(world).id)

    world.pass_until(State.ENFORCED, ref)


def test_a_permissions_boundary_without_them_takes_the_rights_away(world: World) -> None:
    a_user(world)
    iam(world).put_user_permissions_boundary(
        UserName=NAME, PermissionsBoundary="arn:aws:iam::aws:policy/AmazonS3FullAccess"
    )
    ref = str(a_ticket(world).id)

    _awaiting(world, ref)

    assert "permissions boundary does not allow iam:CreateVirtualMFADevice" in _reasons(world, ref)


def test_rights_that_were_taken_since_the_approval_was_asked_for_need_no_second_approval_but_are_read_anew(
    world: World,
) -> None:
    ref = notified(world, enrols=False)
    _awaiting(world, ref)
    put(world, "self-service", SELF_SERVICE)
    world.clock.advance(2 * HOUR)
    steer.approve(world.desk(), ref)

    ticket = world.pass_until(State.ENFORCED, ref)

    assert ticket.progress.enrolment is not None
    assert ticket.progress.enrolment.lacking == ()
    assert enrol(world).ok


def test_a_rejection_ends_the_ticket_without_any_change(world: World) -> None:
    ref = notified(world, enrols=False)
    _awaiting(world, ref)

    steer.reject(world.desk(), ref)

    assert world.ticket(ref).state is State.CANCELLED
    assert world.ticket(ref).resolution is Resolution.REJECTED
    world.pass_days(3)
    assert world.changes() == []


def test_a_device_that_is_enrolled_while_an_approval_is_waited_for_ends_the_ticket(world: World) -> None:
    ref = notified(world, enrols=False)
    _awaiting(world, ref)
    put(world, "self-service", SELF_SERVICE)
    assert enrol(world).ok

    assert world.pass_until(State.RESOLVED, ref).resolution is Resolution.MFA_ENABLED


def test_an_approval_is_void_once_another_policy_would_be_put(world: World) -> None:
    ref = notified(world, enrols=False)
    _awaiting(world, ref)
    steer.approve(world.desk(), ref)
    policy = world.engine.policy
    other = world.another_engine(
        policy=_with(policy, exempt_change_password=True),
    )

    world.tick(other)

    assert world.ticket(ref).state is State.AWAITING_APPROVAL
    assert world.changes() == []


def _with(policy: object, **changes: object) -> object:
    from dataclasses import replace

    return replace(policy, enforce_mfa=replace(policy.enforce_mfa, **changes))  # type: ignore[type-var, attr-defined]


@pytest.mark.parametrize(
    "world",
    [
        "workflows: {enforce-mfa: {exempt_change_password: true}}",
        "workflows: {enforce-mfa: {exempt_change_password: true, policy: managed}}",
    ],
    ids=["inline", "managed"],
    indirect=True,
)
def test_where_the_settings_say_so_the_password_can_be_changed_before_enrolment(world: World) -> None:
    ref = enforced(world)
    console = world.sandbox.console
    assert console.sign_in(ACCOUNT, NAME).ok
    put(world, "own-password", _ALLOW_PASSWORD)

    changed = console.call(
        ACCOUNT, NAME, service="iam", operation="ChangePassword", OldPassword="one-Two3!", NewPassword="four-Five6!"
    )

    assert changed.message == "The old password was incorrect.", "it was weighed, not refused"
    assert console.call(ACCOUNT, NAME).error == "AccessDenied"
    assert enrol(world).ok
    world.pass_until(State.REMEDIATED, ref)
    check_way_out(world, ref)


@pytest.mark.parametrize("world", ["", MANAGED], indirect=True)
def test_otherwise_the_password_cannot_be_changed_before_enrolment(world: World) -> None:
    enforced(world)
    console = world.sandbox.console
    assert console.sign_in(ACCOUNT, NAME).ok
    put(world, "own-password", _ALLOW_PASSWORD)

    changed = console.call(
        ACCOUNT, NAME, service="iam", operation="ChangePassword", OldPassword="one-Two3!", NewPassword="four-Five6!"
    )

    assert changed.error == "AccessDenied"
    assert changed.message != "The old password was incorrect."


_ALLOW_PASSWORD = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": "*"}],
}


def test_a_user_who_may_enrol_and_uses_no_key_needs_no_approval(world: World) -> None:
    enforced(world)
    assert world.calls_made() == [PUT]
    assert world.changes()[0].parameters["policyName"] == INLINE_NAME
