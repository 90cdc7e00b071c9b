"""The whole way of a ticket of each workflow, for whoever wants to disturb it: how it begins, what people do, how it ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from iamflow.domain.states import State
from iamflow.engine import restoring, steer
from iamflow.sandbox.belongings import Counts
from tests.engine import deleting, guarding, migrating, requiring, rotating
from tests.world import ALICE, BOB, KEY, World

ONE_OF_EACH = Counts(groups=1, policies=1, inline=1, ssh_keys=1, certificates=1, service_credentials=1)

Act = Callable[[World, str], object]


@dataclass(frozen=True, kw_only=True)
class Story:
    """What there is to a workflow beside what its engine does."""

    begins: Callable[[World], str]
    """Brings a ticket to where its first change is about to be made, and returns its number or key."""
    ends: State
    check: Act
    """Checks in the world's own AWS that it ended well."""
    acts: Mapping[State, Act] = field(default_factory=dict)
    """What people do, once, when the ticket has come to a state."""
    lives: int = 1
    """How many lives it takes to die at every point: a life dies at one point after the other, once for each change."""
    repeats: frozenset[str] = frozenset()
    """Calls that may be made again, after what they made was withdrawn."""


def _key(world: World) -> str:
    world.user()
    world.take_in(world.key())
    return KEY


def _check_key(world: World, _: str) -> None:
    assert world.status() is None
    assert world.calls_made() == ["UpdateAccessKey Inactive", "DeleteAccessKey"]


def _leaver(world: World) -> str:
    ticket = deleting.a_leaver(world, ONE_OF_EACH)
    deleting.approved(world, ticket)
    return str(ticket)


def _check_leaver(world: World, _: str) -> None:
    assert deleting.belongings(world) is None
    assert deleting.iam(world).list_virtual_mfa_devices()["VirtualMFADevices"] == []


def _restored(world: World) -> str:
    ticket = _leaver(world)
    world.pass_until(State.DELETED, ticket)
    return str(restoring.restore(world.desk(ALICE), ticket).id)


def _check_restored(world: World, ref: str) -> None:
    before, after = world.ticket(ref).snapshot, deleting.belongings(world)
    assert before is not None
    assert after is not None
    assert (after.tags, after.boundary, after.groups, after.attached, after.inline) == (
        before.tags, before.boundary, before.groups, before.attached, before.inline,
    )  # fmt: skip


def _rotated(world: World) -> str:
    rotating.opened(world)
    return KEY


def _check_rotated(world: World, _: str) -> None:
    assert rotating.keys_of(world) == {rotating.new_key(world): "Active"}
    assert rotating.works(world, rotating.secret(world))


_WAY = migrating.WAYS[0]


def _migrated(world: World) -> str:
    _WAY.begin(world)
    world.pass_until(State.AWAITING_APPROVAL)
    steer.approve(world.desk(ALICE), KEY)
    return KEY


def _check_migrated(world: World, _: str) -> None:
    assert world.status() is None
    migrating.check_journal(world)
    migrating.check_no_secret(world)


def _guarded(world: World) -> str:
    guarding.a_safe_user(world)
    ref = guarding.awaiting(world)
    guarding.approve(world, ref)
    return ref


STORIES: Mapping[str, Story] = {
    "disable-key": Story(begins=_key, ends=State.DELETED, check=_check_key, lives=4),
    "enforce-mfa": Story(
        begins=requiring.notified,
        ends=State.REMEDIATED,
        check=requiring.check_way_out,
        acts={State.ENFORCED: lambda world, _: requiring.enrol(world)},
        lives=4,
    ),
    "delete-user": Story(begins=_leaver, ends=State.DELETED, check=_check_leaver),
    "restore-user": Story(begins=_restored, ends=State.RESTORED, check=_check_restored),
    "rotate-key": Story(
        begins=_rotated,
        ends=State.DELETED,
        check=_check_rotated,
        acts={State.AWAITING_ADOPTION: lambda world, _: rotating.take(world)},
        lives=2,
        repeats=frozenset({"CreateAccessKey", "PutSecretValue"}),
    ),
    "migrate-to-role": Story(
        begins=_migrated,
        ends=State.DELETED,
        check=_check_migrated,
        acts={State.AWAITING_CUTOVER: lambda world, _: _WAY.take(world)},
    ),
    "org-mfa-guardrail": Story(
        begins=_guarded,
        ends=State.ROLLED_BACK,
        check=guarding.check_gone,
        acts={State.MONITORING: lambda world, ref: steer.rollback(world.desk(BOB), ref, text="no")},
        lives=2,
    ),
}
"""One for each workflow that changes AWS, by its name."""
