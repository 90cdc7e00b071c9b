"""Whoever deletes a user, or gives it back, may die at any call: the end is always the same, and nothing is done twice."""

import pytest

from iamflow.domain.states import State
from iamflow.engine import steer
from tests.engine.deleting import NAME, a_leaver, approved, belongings, iam, quarantined
from tests.faults.user_driver import Death, check_journal, live_on
from tests.world import ACCOUNT, ALICE, World

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
