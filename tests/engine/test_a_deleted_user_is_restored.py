"""A deleted user is made again from its snapshot as far as AWS allows, and what cannot come back is told by name."""

from dataclasses import replace

import pytest

from iamflow.domain.belongings import differences
from iamflow.domain.effect import OutcomeKind
from iamflow.domain.errors import NotAuthorisedError, RefusedError
from iamflow.domain.people import Identity
from iamflow.domain.states import Confirmation, State
from iamflow.engine import restoring, steer
from iamflow.workflows.restore_user import cannot_come_back
from tests.engine.deleting import NAME, a_leaver, approved, belongings, iam
from tests.faults.user_driver import Death, check_journal, live_on
from tests.world import ACCOUNT, ALICE, BOB, World, on_both

FENCE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def _deleted(world: World) -> int:
    ticket = a_leaver(world)
    approved(world, ticket)
    world.pass_until(State.DELETED, str(ticket))
    return ticket


def _restored(world: World, deleted: int) -> int:
    ticket = restoring.restore(world.desk(ALICE), str(deleted))
    restoring.carry_out(world.engine, ticket)
    world.pass_until(State.RESTORED, str(ticket.id))
    return ticket.id


@on_both
def test_whatever_can_come_back_is_as_before(world: World) -> None:
    deleted = _deleted(world)
    before = world.ticket(str(deleted)).snapshot
    ticket = world.ticket(str(_restored(world, deleted)))
    after = belongings(world)
    assert before is not None
    assert after is not None
    assert (after.path, after.tags, after.boundary, after.groups, after.attached, after.inline) == (
        before.path, before.tags, before.boundary, before.groups, before.attached, before.inline,
    )  # fmt: skip
    assert [key.body for key in after.ssh_keys] != []
    assert {key.body for key in after.ssh_keys} == {key.body for key in before.ssh_keys}
    lost = [difference.split(":")[0] for difference in differences(before, after)]
    assert lost == ["keys", "login profile", "mfa", "ssh keys", "certificates", "service credentials"]
    assert (ticket.parent_id, ticket.user_id) == (deleted, after.user_id)
    world.pass_days(1)
    assert world.ticket(str(ticket.id)).confirmation is Confirmation.CONFIRMED
    check_journal(world)


def test_what_cannot_come_back_is_told(world: World) -> None:
    deleted = _deleted(world)
    before = world.ticket(str(deleted)).snapshot
    ticket = world.ticket(str(_restored(world, deleted)))
    told = "\n".join(cannot_come_back(ticket))
    assert before is not None
    for lost in (before.user_id, *(key.key_id for key in before.keys), *before.mfa, "password", "certificates"):
        assert lost in told
    mail = world.mails()[-1].replace("=\n", "")
    assert "X-Iamflow-Notice: restored" in mail
    assert before.user_id in mail
    assert before.keys[0].key_id not in mail


def test_a_group_and_a_policy_that_are_gone_are_left_out_by_name_and_the_rest_comes_back(world: World) -> None:
    deleted = _deleted(world)
    iam(world).delete_group(GroupName="group-000")
    arn = f"arn:aws:iam::{ACCOUNT}:policy/policy-001"
    iam(world).delete_policy(PolicyArn=arn)
    ticket = world.ticket(str(_restored(world, deleted)))
    assert ticket.progress.left_out == ("group-000", arn)
    assert f"refused by AWS: group-000, {arn}" in cannot_come_back(ticket)
    after = belongings(world)
    assert after is not None
    assert (after.groups, after.attached) == (("group-001",), (f"arn:aws:iam::{ACCOUNT}:policy/policy-000",))
    assert len(after.inline) == 2
    check_journal(world)


def test_without_its_boundary_the_user_is_not_made_at_all(world: World) -> None:
    ticket = a_leaver(world)
    boundary = world.sandbox.seed.policy(ACCOUNT, "fence", FENCE)
    iam(world).put_user_permissions_boundary(UserName=NAME, PermissionsBoundary=boundary)
    approved(world, ticket)
    world.pass_until(State.DELETED, str(ticket))
    iam(world).delete_policy(PolicyArn=boundary)
    restoring_ticket = restoring.restore(world.desk(ALICE), str(ticket))
    after = restoring.carry_out(world.engine, restoring_ticket)
    assert after.state is State.BLOCKED
    assert belongings(world) is None


def test_a_user_of_the_same_name_that_somebody_made_is_left_alone(world: World) -> None:
    deleted = _deleted(world)
    world.sandbox.seed.user(ACCOUNT, NAME)
    before = belongings(world)
    ticket = restoring.restore(world.desk(ALICE), str(deleted))
    after = restoring.carry_out(world.engine, ticket)
    assert after.state is State.BLOCKED
    assert "there is a user of this name already" in (after.blocked_reason or "")
    assert belongings(world) == before


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("world", ["timing: {poll: 24h, retry: {base: 2m}}"], indirect=True)
def test_killed_at_every_call_the_user_is_restored_all_the_same_and_once(world: World, before: bool) -> None:
    deleted = _deleted(world)
    as_it_was = world.ticket(str(deleted)).snapshot
    ticket = restoring.restore(world.desk(ALICE), str(deleted))
    death = Death(before=before)
    with death.lurking():
        deaths = live_on(world, lambda: world.ticket(str(ticket.id)).ended)
    assert world.ticket(str(ticket.id)).state is State.RESTORED
    assert deaths == len(death.calls) > 0
    after = belongings(world)
    assert as_it_was is not None
    assert after is not None
    assert (after.groups, after.attached, after.inline) == (as_it_was.groups, as_it_was.attached, as_it_was.inline)
    assert sorted(str(key.body) for key in after.ssh_keys) == sorted(str(key.body) for key in as_it_was.ssh_keys)
    check_journal(world)


def test_it_goes_through_in_a_freeze_since_it_only_gives(world: World) -> None:
    deleted = _deleted(world)
    world.app.store.set_freeze(on=True, reason="incident", by="alice", at=world.clock.now())
    _restored(world, deleted)
    assert belongings(world) is not None


def test_only_a_user_that_was_deleted_can_be_restored(world: World) -> None:
    ticket = a_leaver(world)
    with pytest.raises(RefusedError, match="nothing to restore"):
        restoring.restore(world.desk(ALICE), str(ticket))
    approved(world, ticket)
    world.pass_until(State.MONITORING, str(ticket))
    with pytest.raises(RefusedError, match="nothing to restore"):
        restoring.restore(world.desk(ALICE), str(ticket))


def test_only_who_may_approve_may_restore(world: World) -> None:
    deleted = _deleted(world)
    desk = world.desk(Identity(os="mallory"))
    only_bob = replace(desk, policy=replace(desk.policy, approvers=frozenset({"bob"})))
    with pytest.raises(NotAuthorisedError):
        restoring.restore(only_bob, str(deleted))
    assert restoring.restore(replace(only_bob, person=BOB), str(deleted)).state is State.OPEN


def test_a_user_is_restored_by_one_ticket_at_a_time(world: World) -> None:
    deleted = _deleted(world)
    restoring.restore(world.desk(ALICE), str(deleted))
    with pytest.raises(RefusedError, match="open ticket already"):
        restoring.restore(world.desk(ALICE), str(deleted))


def test_a_restoration_that_is_cancelled_leaves_what_was_put_back(world: World) -> None:
    deleted = _deleted(world)
    world.sandbox.faults.throttle(service="iam", operation="AddUserToGroup")
    ticket = restoring.restore(world.desk(ALICE), str(deleted))
    restoring.carry_out(world.engine, ticket)
    steer.cancel(world.desk(ALICE), str(ticket.id))
    after = belongings(world)
    assert after is not None
    assert after.groups == ()
    assert OutcomeKind.DONE in {entry.outcome and entry.outcome.kind for entry in world.app.store.intents(ticket.id)}
