"""Whoever deletes a user, or gives it back, may die at any call: the end is always the same, and nothing is done twice."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from iamflow.domain.effect import EffectKind
from iamflow.domain.states import State
from iamflow.engine import steer
from tests.engine.deleting import NAME, a_leaver, approved, belongings, iam, quarantined
from tests.faults.user_driver import Death, check_journal, live_on
from tests.world import ACCOUNT, ALICE, DAY, World

PATIENT = "timing: {poll: 24h, retry: {base: 2m}}"
"""Few looks, which is all that these tests need: they die often enough."""

pytestmark = pytest.mark.parametrize("world", [PATIENT], indirect=True)


@pytest.fixture(autouse=True)
def _few_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IAMFLOW_AWS__REGIONS", "us-east-1,eu-west-1")


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_killed_at_every_call_of_the_whole_way_the_user_is_deleted_with_everything(world: World, before: bool) -> None:
    ticket = a_leaver(world)
    approved(world, ticket)
    death = Death(before=before)
    with death.lurking():
        deaths = live_on(world, lambda: world.ticket(str(ticket)).ended)
    assert world.ticket(str(ticket)).state is State.DELETED
    assert deaths == len(death.calls) == len(world.changes())
    assert belongings(world) is None
    assert iam(world).list_virtual_mfa_devices()["VirtualMFADevices"] == []
    check_journal(world)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_killed_at_every_call_of_a_rollback_everything_is_given_back(world: World, before: bool) -> None:
    ticket = a_leaver(world)
    as_it_was = belongings(world)
    approved(world, ticket)
    world.pass_until(State.MONITORING, str(ticket))
    steer.rollback(world.desk(ALICE), str(ticket), text="the person is on leave")
    death = Death(before=before)
    with death.lurking():
        deaths = live_on(world, lambda: world.ticket(str(ticket)).ended)
    assert world.ticket(str(ticket)).state is State.ROLLED_BACK
    assert deaths == len(death.calls) > 0
    assert belongings(world) == as_it_was
    check_journal(world)


def test_when_every_answer_is_lost_the_user_is_deleted_with_everything(world: World) -> None:
    ticket = a_leaver(world)
    approved(world, ticket)
    for operation in (
        "PutUserPolicy", "UpdateAccessKey", "UpdateServiceSpecificCredential", "DeleteLoginProfile", "DeleteAccessKey",
        "DeleteServiceSpecificCredential", "DeleteSSHPublicKey", "DeleteSigningCertificate", "DeactivateMFADevice",
        "DeleteVirtualMFADevice", "RemoveUserFromGroup", "DetachUserPolicy", "DeleteUserPolicy", "DeleteUser",
    ):  # fmt: skip
        world.sandbox.faults.timeout_after(service="iam", operation=operation, account=ACCOUNT)
    world.pass_until(State.DELETED, str(ticket), days=40)
    assert belongings(world) is None
    assert iam(world).list_virtual_mfa_devices()["VirtualMFADevices"] == []
    check_journal(world)


def test_a_rollback_that_dies_in_the_quarantine_still_gives_everything_back(world: World) -> None:
    ticket = quarantined(world)
    assert world.ticket(str(ticket)).snapshot is not None
    world.sandbox.faults.timeout_before(service="iam", operation="UpdateAccessKey", times=1)
    steer.rollback(world.desk(ALICE), str(ticket))
    world.pass_until(State.ROLLED_BACK, str(ticket))
    assert world.ticket(str(ticket)).username == NAME
    check_journal(world)


def test_reads_that_stay_old_for_a_minute_after_each_change_mislead_nobody(world: World) -> None:
    ticket = quarantined(world)
    world.sandbox.faults.stale_reads(timedelta(seconds=60), account=ACCOUNT)
    world.pass_until(State.DELETED, str(ticket))
    assert belongings(world) is None
    assert iam(world).list_virtual_mfa_devices()["VirtualMFADevices"] == []
    check_journal(world)


@dataclass
class Meddler:
    """Puts the user into a group right before the user is deleted, once everything has been looked at."""

    world: World
    done: bool = False

    def reach(self, name: str) -> None:
        last = self.world.app.store.intents()[-1:] if name == "before_effect" else []
        if not self.done and any(entry.intent.effect.kind is EffectKind.DELETE_USER for entry in last):
            self.done = True
            iam(self.world).add_user_to_group(GroupName="group-000", UserName=NAME)


def test_a_conflict_is_answered_by_looking_again_at_what_is_left(world: World) -> None:
    ticket = quarantined(world)
    meddler = Meddler(world)
    world.engine = world.another_engine(crash=meddler)
    world.pass_until(State.DELETED, str(ticket))
    assert meddler.done
    details = [entry.outcome.detail or "" for entry in world.app.store.intents() if entry.outcome is not None]
    assert any("DeleteConflict" in detail for detail in details)
    assert belongings(world) is None
    left = [change.parameters["groupName"] for change in world.changes() if change.operation == "RemoveUserFromGroup"]
    assert left == ["group-000", "group-001", "group-000"]


def test_a_user_that_cannot_be_modified_yet_is_left_alone_for_minutes(world: World) -> None:
    ticket = quarantined(world)
    world.clock.advance(3 * DAY)
    refused = world.sandbox.faults.unmodifiable(service="iam", operation="DeleteLoginProfile", times=1)
    world.tick()
    assert refused.hits == 1
    due_at = world.ticket(str(ticket)).due_at
    assert due_at is not None
    assert due_at >= world.clock.now() + timedelta(minutes=3)
    world.pass_until(State.DELETED, str(ticket))
    check_journal(world)
