"""Circumstances in which everything that only ``rotate-key`` does is allowed, and its way of deactivating and deleting."""

from dataclasses import replace

from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.facts import KeyState, KeyStatus, LastUse
from iamflow.domain.guards import Circumstances
from iamflow.domain.ids import KeyId
from iamflow.domain.plan import digest_of
from iamflow.domain.rotation import Rotation, probe_of
from iamflow.domain.sink import Sink, SinkState
from iamflow.domain.states import State
from iamflow.domain.ticket import Approval
from iamflow.workflows.rotate_key import WORKFLOW

from .circumstances import ACCOUNT, ALICE, CREATED, DAY, HOUR, KEY, NOW, SECOND, USER
from .circumstances import allowed as allowed_for_a_key

KINDS = tuple(kind for kind in WORKFLOW.effects if kind.replaces)
"""The effects that no other workflow has."""

IDLE, NEW = KeyId("AKIAIOSFODNN7IDLEKEY"), KeyId("AKIAIOSFODNN7NEWKEY1")
SINK = Sink().of(ACCOUNT, USER, KEY)
BEGUN = Rotation(
    sink=SINK.text,
    since=NOW - 2 * HOUR,
    known=(KEY, IDLE),
    probes=1,
    proven_at=NOW - 30 * SECOND,
    begun_at=NOW - HOUR,
)
REPLACED = replace(BEGUN, new_key=NEW, delivered_at=NOW - 3 * DAY, told_at=NOW - 3 * DAY, begun_at=NOW - 4 * DAY)


def allowed(kind: EffectKind) -> Circumstances:
    """Return circumstances in which no guard has anything against this effect."""
    match kind:
        case EffectKind.FREE_SLOT:
            slot = replace(BEGUN, slot=IDLE, slot_created_at=CREATED, begun_at=None)
            return approve(_circumstances(kind, replace(slot), targets=(IDLE,), state=State.AWAITING_APPROVAL))
        case EffectKind.WITHDRAW_KEY:
            c = _circumstances(kind, replace(BEGUN, withdrawing=NEW), targets=(NEW,))
            return _with_new(c, LastUse(), created=NOW - HOUR)
        case EffectKind.DEACTIVATE_KEY | EffectKind.DELETE_KEY:
            return _of_old_key(kind)
        case EffectKind.PROVE_SINK:
            return _circumstances(kind, BEGUN, targets=("a-version",))
        case _:
            return _circumstances(kind, BEGUN, targets=(SINK.name,))


def _circumstances(
    kind: EffectKind, rotation: Rotation, *, targets: tuple[str, ...], state: State = State.NOTIFIED
) -> Circumstances:
    c = allowed_for_a_key(EffectKind.DEACTIVATE_KEY)
    stores = kind in {EffectKind.PROVE_SINK, EffectKind.ISSUE_KEY}
    ticket = replace(
        c.ticket, workflow="rotate-key", state=state, progress=replace(c.ticket.progress, rotation=rotation)
    )
    reading = replace(
        c.reading,
        keys=(
            KeyState(key_id=KEY, status=KeyStatus.ACTIVE, created_at=CREATED),
            KeyState(key_id=IDLE, status=KeyStatus.INACTIVE, created_at=CREATED),
        ),
        uses={KEY: LastUse(at=NOW - HOUR), IDLE: LastUse(at=NOW - 200 * DAY)},
        sink=SinkState(versions=frozenset({probe_of(ticket.id, rotation)})),
    )
    effect = Effect(
        kind=kind,
        account_id=ACCOUNT,
        username=USER,
        key_id=KEY,
        targets=targets,
        document=SINK.text if stores else None,
    )
    follows = WORKFLOW.follows.get(kind, frozenset())
    return replace(c, effect=effect, ticket=ticket, reading=reading, follows=follows)


def _of_old_key(kind: EffectKind) -> Circumstances:
    """Return circumstances in which the old key may go: the new one has been in use, and the old one idle, for days."""
    c = allowed_for_a_key(kind)
    state = State.AWAITING_ADOPTION if kind is EffectKind.DEACTIVATE_KEY else State.MONITORING
    progress = replace(c.ticket.progress, rotation=REPLACED)
    ticket = replace(c.ticket, workflow="rotate-key", state=state, progress=progress)
    placed = replace(c, ticket=ticket, follows=WORKFLOW.follows[kind])
    return _with_new(placed, LastUse(at=NOW - 2 * DAY), created=NOW - 4 * DAY)


def _with_new(c: Circumstances, use: LastUse, *, created: object) -> Circumstances:
    new = KeyState(key_id=NEW, status=KeyStatus.ACTIVE, created_at=created)  # type: ignore[arg-type]  # a time of the test's
    reading = replace(c.reading, keys=(*c.reading.keys, new), uses={**(c.reading.uses or {}), NEW: use})
    return replace(c, reading=reading)


def rotation(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with something changed about the replacement."""
    assert c.ticket.progress.rotation is not None
    changed = replace(c.ticket.progress.rotation, **changes)  # type: ignore[arg-type]  # names are the caller's
    return replace(c, ticket=replace(c.ticket, progress=replace(c.ticket.progress, rotation=changed)))


def key(c: Circumstances, key_id: KeyId, **changes: object) -> Circumstances:
    """Return the circumstances with something changed about one of the user's keys."""
    keys = tuple(
        replace(one, **changes) if one.key_id == key_id else one  # type: ignore[arg-type]  # as above
        for one in c.reading.keys
    )
    return replace(c, reading=replace(c.reading, keys=keys))


def without(c: Circumstances, key_id: KeyId) -> Circumstances:
    """Return the circumstances without one of the user's keys."""
    return replace(c, reading=replace(c.reading, keys=tuple(one for one in c.reading.keys if one.key_id != key_id)))


def used(c: Circumstances, key_id: KeyId, use: LastUse | None) -> Circumstances:
    """Return the circumstances with another last use of a key; None for one that was not read."""
    uses = {**(c.reading.uses or {}), key_id: use}
    read = {one: last for one, last in uses.items() if last is not None}
    own = {"last_use": use} if key_id == c.ticket.access_key_id and use is not None else {}
    return replace(c, reading=replace(c.reading, uses=read, **own))  # type: ignore[arg-type]  # a last use


def approve(c: Circumstances) -> Circumstances:
    """Return the circumstances with an approval of what is planned in them."""
    digest = digest_of(c.ticket, c.reading, c.policy)
    assert digest is not None
    one = Approval(ticket_id=c.ticket.id, by=ALICE, digest=digest, at=NOW - HOUR, expires_at=NOW + DAY)
    return replace(c, approvals=(one,))
