"""The whole way of a user whom nobody uses: told, approved, quarantined, watched, deleted, with nothing left of it."""

import json

import pytest

from iamflow.aws.permissions import policy_document
from iamflow.domain.errors import NotAuthorisedError, RefusedError
from iamflow.domain.journal import EventKind
from iamflow.domain.quarantine import policy_name
from iamflow.domain.states import Confirmation, Resolution, State
from iamflow.engine import restoring, steer
from iamflow.sandbox.belongings import Counts
from iamflow.workflows import delete_user, restore_user
from tests.engine.deleting import CONFIRMED, FIRST, NAME, SECOND, a_leaver, approved, belongings, iam, quarantined
from tests.world import ACCOUNT, ALICE, BOB, DAY, World, on_both


@on_both
def test_nothing_is_left_of_a_user_who_had_everything(world: World) -> None:
    ticket = a_leaver(world)
    before = belongings(world)
    approved(world, ticket)
    ended = world.pass_until(State.DELETED, str(ticket))
    assert ended.resolution is Resolution.DELETED
    assert belongings(world) is None
    assert iam(world).list_virtual_mfa_devices()["VirtualMFADevices"] == []
    assert ended.snapshot == before
    assert before is not None
    assert all(before.names().values())
    world.pass_days(1)
    assert world.ticket(str(ticket)).confirmation is Confirmation.CONFIRMED
    assert list(world.app.store.verify()) == []


def test_lists_of_many_pages_are_deleted_to_their_end(world: World) -> None:
    ticket = quarantined(world, Counts(groups=150, policies=150, inline=2))
    world.pass_until(State.DELETED, str(ticket))
    assert belongings(world) is None
    gone = [change.operation for change in world.changes()]
    assert (gone.count("RemoveUserFromGroup"), gone.count("DetachUserPolicy")) == (150, 150)


def test_every_wait_runs_its_whole_course(world: World) -> None:
    ticket = a_leaver(world)
    told = world.pass_until(State.NOTIFIED, str(ticket))
    approved(world, ticket)
    ended = world.pass_until(State.DELETED, str(ticket))
    made = {change.operation: change.at for change in reversed(world.changes())}
    rules, notified = world.engine.policy.delete_user, told.progress.notified_at
    assert notified is not None
    assert made["PutUserPolicy"] >= notified + rules.grace
    assert made["DeleteLoginProfile"] >= made["UpdateServiceSpecificCredential"] + rules.monitor + rules.delivery_lag
    assert ended.progress.final_sweep is not None
    assert ended.progress.final_sweep.start <= made["PutUserPolicy"]


def test_it_goes_in_an_order_in_which_nothing_can_act_in_between(world: World) -> None:
    ticket = quarantined(world)
    world.pass_until(State.DELETED, str(ticket))
    order = list(dict.fromkeys(change.operation for change in world.changes()))
    assert order == [
        "PutUserPolicy", "UpdateAccessKey", "UpdateServiceSpecificCredential", "DeleteLoginProfile", "DeleteAccessKey",
        "DeleteServiceSpecificCredential", "DeleteSSHPublicKey", "DeleteSigningCertificate", "DeactivateMFADevice",
        "DeleteVirtualMFADevice", "RemoveUserFromGroup", "DetachUserPolicy", "DeleteUserPolicy", "DeleteUser",
    ]  # fmt: skip
    policies = [change.parameters["policyName"] for change in world.changes() if change.operation == "DeleteUserPolicy"]
    assert policies[-1] == policy_name(ticket)


def test_the_quarantine_takes_only_what_can_be_given_back(world: World) -> None:
    ticket = quarantined(world)
    now, before = belongings(world), world.ticket(str(ticket)).snapshot
    assert now is not None
    assert before is not None
    assert world.status(FIRST) == world.status(SECOND) == "Inactive"
    assert {credential.status.value for credential in now.service_credentials} == {"Inactive"}
    assert now.login_profile
    assert set(now.inline) == {*before.inline, policy_name(ticket)}
    assert (now.groups, now.attached, now.mfa, now.ssh_keys) == (
        before.groups, before.attached, before.mfa, before.ssh_keys,
    )  # fmt: skip


@pytest.mark.parametrize("world", ["workflows: {delete-user: {remove_login_profile: true}}"], indirect=True)
def test_the_password_goes_with_the_quarantine_where_the_settings_ask_for_it(world: World) -> None:
    ticket = quarantined(world)
    now = belongings(world)
    assert now is not None
    assert not now.login_profile
    steer.rollback(world.desk(ALICE), str(ticket))
    ended = world.pass_until(State.ROLLED_BACK, str(ticket))
    assert any("login profile: was True, is False" in mail.replace("=\n", "") for mail in world.mails())
    assert ended.snapshot is not None


def test_an_approval_must_say_who_confirmed_it(world: World) -> None:
    ticket = a_leaver(world)
    world.pass_until(State.AWAITING_APPROVAL, str(ticket))
    for nothing in (None, "", "  "):
        with pytest.raises(RefusedError, match="HR or IT"):
            steer.approve(world.desk(ALICE), str(ticket), comment=nothing)
    world.pass_days(5)
    assert world.ticket(str(ticket)).state is State.AWAITING_APPROVAL
    assert world.changes() == []
    steer.approve(world.desk(ALICE), str(ticket), comment=CONFIRMED)
    world.pass_until(State.QUARANTINED, str(ticket))
    said = [
        json.loads(event.detail) for event in world.app.store.history(ticket) if event.kind == EventKind.APPROVED.value
    ]
    assert [detail["comment"] for detail in said] == [CONFIRMED]


@pytest.mark.parametrize("world", ["workflows: {delete-user: {approvals: 2}}"], indirect=True)
def test_as_many_people_must_approve_as_the_settings_say(world: World) -> None:
    ticket = a_leaver(world)
    approved(world, ticket)
    world.pass_days(1)
    assert world.changes() == []
    with pytest.raises(NotAuthorisedError, match="already"):
        steer.approve(world.desk(ALICE), str(ticket), comment=CONFIRMED)
    steer.approve(world.desk(BOB), str(ticket), comment=CONFIRMED)
    world.pass_until(State.QUARANTINED, str(ticket))


def test_the_manager_is_told_first(world: World) -> None:
    world.app.settings.owners.allowed_domains.append("example.com")
    policy = world.app.settings.policy()
    world.engine = world.another_engine(policy=policy)
    ticket = a_leaver(world)
    world.sandbox.owner.tag_user(
        ACCOUNT, NAME, {"Owner": "leaver@example.com", "Manager": "boss@example.com", "Team": "data@example.com"}
    )
    told = world.pass_until(State.NOTIFIED, str(ticket))
    assert told.owner is not None
    assert (told.owner.address, told.owner.name) == ("boss@example.com", "Manager")
    (mail,) = [mail for mail in world.mails() if "X-Iamflow-Notice: user_deletion" in mail]
    assert "To: boss@example.com" in mail


def test_the_digest_of_the_snapshot_is_in_the_journal_before_anything_is_taken(world: World) -> None:
    ticket = quarantined(world)
    history = [(event.kind, json.loads(event.detail)) for event in world.app.store.history(ticket)]
    kinds = [kind for kind, _ in history]
    (detail,) = [detail for kind, detail in history if kind == EventKind.SNAPSHOT.value]
    snapshot = world.ticket(str(ticket)).snapshot
    assert snapshot is not None
    assert detail["digest"] == snapshot.digest()
    assert detail["counts"]["access key"] == 2
    assert kinds.index(EventKind.SNAPSHOT.value) < kinds.index(EventKind.INTENT_OPENED.value)


def test_what_is_given_to_the_user_in_between_voids_the_approval(world: World) -> None:
    ticket = a_leaver(world)
    world.pass_until(State.AWAITING_APPROVAL, str(ticket))
    steer.approve(world.desk(ALICE), str(ticket), comment=CONFIRMED)
    world.sandbox.seed.group(ACCOUNT, NAME, "newcomers")
    world.pass_days(3)
    assert world.changes() == []
    steer.approve(world.desk(BOB), str(ticket), comment=CONFIRMED)
    done = world.pass_until(State.DELETED, str(ticket))
    assert done.snapshot is not None
    assert "newcomers" in done.snapshot.groups


def test_observing_takes_nothing_and_sends_nothing(world: World) -> None:
    from dataclasses import replace

    from iamflow.domain.states import Mode

    world.engine = world.another_engine(policy=replace(world.engine.policy, mode=Mode.OBSERVE))
    ticket = a_leaver(world)
    world.pass_days(60)
    assert world.ticket(str(ticket)).state is State.OPEN
    assert world.ticket(str(ticket)).plan_digest is not None
    assert (world.changes(), world.mails()) == ([], [])


def test_a_freeze_stops_a_deletion_between_any_two_steps_and_it_goes_on_afterwards(world: World) -> None:
    ticket = quarantined(world)
    world.clock.advance(3 * DAY)
    world.sandbox.faults.throttle(service="iam", operation="DeleteServiceSpecificCredential", times=1)
    world.tick()
    assert world.ticket(str(ticket)).state is State.DELETING
    world.app.store.set_freeze(on=True, reason="incident", by="alice", at=world.clock.now())
    done = len(world.changes())
    world.pass_days(0.02)
    assert len(world.changes()) == done
    world.app.store.set_freeze(on=False, reason="over", by="alice", at=world.clock.now())
    world.pass_until(State.DELETED, str(ticket))
    assert belongings(world) is None


def test_what_is_added_while_the_user_is_being_deleted_goes_too_and_is_on_the_snapshot(world: World) -> None:
    ticket = quarantined(world)
    world.clock.advance(3 * DAY)
    world.sandbox.faults.throttle(service="iam", operation="DeleteUser", times=1)
    world.tick()
    assert world.ticket(str(ticket)).state is State.DELETING
    world.sandbox.seed.group(ACCOUNT, NAME, "newcomers")
    ended = world.pass_until(State.DELETED, str(ticket))
    assert ended.snapshot is not None
    assert "newcomers" in ended.snapshot.groups
    assert belongings(world) is None


def test_a_user_that_cannot_be_changed_for_minutes_is_waited_for(world: World) -> None:
    ticket = quarantined(world)
    world.sandbox.faults.throttle(service="iam", operation="DeleteLoginProfile", times=2)
    ended = world.pass_until(State.DELETED, str(ticket))
    assert ended.attempts == 0
    assert belongings(world) is None


def test_the_permissions_that_policy_show_prints_are_enough(world: World) -> None:
    allowed = policy_document(
        [kind for workflow in (delete_user.WORKFLOW, restore_user.WORKFLOW) for kind in workflow.effects]
    )
    world.sandbox.seed.role_policy(ACCOUNT, allowed)
    ticket = quarantined(world)
    world.pass_until(State.DELETED, str(ticket))
    restored = restoring.restore(world.desk(ALICE), str(ticket))
    restoring.carry_out(world.engine, restored)
    world.pass_until(State.RESTORED, str(restored.id))
