"""Circumstances in which a whole user may be taken away, given back, or made again."""

from collections.abc import Mapping
from dataclasses import replace

from iamflow.domain.belongings import Belongings, ServiceCredential, SigningCertificate, SshKey
from iamflow.domain.decision import Case
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.evidence import SweepRecord
from iamflow.domain.facts import KeyState, KeyStatus, LastUse, UserFacts, UserReading
from iamflow.domain.guards import Circumstances, Freeze, Pace
from iamflow.domain.ids import TicketId
from iamflow.domain.people import RULES
from iamflow.domain.plan import digest_of
from iamflow.domain.quarantine import policy_document, policy_name
from iamflow.domain.states import State
from iamflow.domain.ticket import Approval, Owner, Progress, Ticket
from iamflow.workflows import delete_user, restore_user
from iamflow.workflows.delete_user import effects

from . import circumstances
from .circumstances import ACCOUNT, ALICE, CREATED, DAY, DEACTIVATED, HOUR, KEY, NOW, OTHER_KEY, SECOND, USER, USER_ID

QUARANTINING, GIVING_BACK, DELETING = effects.QUARANTINING, effects.GIVING_BACK, effects.DELETING
RESTORING = restore_user.WORKFLOW.effects
TAKING = (*QUARANTINING, *DELETING)
KINDS = (*TAKING, *GIVING_BACK, *RESTORING)

DENY = policy_name(TicketId(7))
IDLE = LastUse(at=NOW - 200 * DAY, service="s3", region="eu-west-1")
CREDENTIAL = ServiceCredential(id="ACCAEXAMPLE0000000001", service="codecommit.amazonaws.com", status=KeyStatus.ACTIVE)

SNAPSHOT = Belongings(
    user_id=USER_ID,
    username=USER,
    path="/staff/",
    created_at=CREATED,
    groups=("admins",),
    attached=("arn:aws:iam::aws:policy/ReadOnlyAccess",),
    inline={"own": "{}"},
    keys=(
        KeyState(key_id=OTHER_KEY, status=KeyStatus.INACTIVE, created_at=CREATED),
        KeyState(key_id=KEY, status=KeyStatus.ACTIVE, created_at=CREATED),
    ),
    login_profile=True,
    mfa=("arn:aws:iam::012345678901:mfa/deploy", "GAHT00000001"),
    ssh_keys=(SshKey(id="APKAEXAMPLE0000000001", status=KeyStatus.ACTIVE, body="ssh-ed25519 AAAA"),),
    certificates=(SigningCertificate(id="CERT", status=KeyStatus.ACTIVE, body="PEM"),),
    service_credentials=(CREDENTIAL,),
)

_SWEEP = SweepRecord(
    run_at=NOW - HOUR, start=DEACTIVATED, end=DEACTIVATED + 2 * DAY, regions=("us-east-1",), conclusive=True
)
_TOLD = Progress(notice_round=1, notified_at=NOW - 20 * DAY, promised_at=NOW - 6 * DAY, told_owner=True)
_WATCHED = replace(_TOLD, deactivated_at=DEACTIVATED, window_ends_at=DEACTIVATED + 2 * DAY, final_sweep=_SWEEP)


def allowed(kind: EffectKind) -> Circumstances:
    """Return circumstances in which no guard has anything against this effect."""
    if kind in RESTORING:
        return _restoring(kind)
    if kind is EffectKind.ATTACH_QUARANTINE:
        return approve(_of(kind, State.AWAITING_APPROVAL, _TOLD, as_it_was()))
    if kind in QUARANTINING:
        return _of(kind, State.QUARANTINED, _WATCHED, denied(as_it_was()))
    state = State.DELETING if kind is EffectKind.DELETE_USER else State.MONITORING
    return _of(kind, state, _WATCHED, quarantined())


def as_it_was() -> UserReading:
    """The user before anything was taken."""
    return UserReading(
        read_at=NOW - 10 * SECOND,
        account_id=ACCOUNT,
        user_id=USER_ID,
        keys=SNAPSHOT.keys,
        created_at=CREATED,
        uses={KEY: IDLE, OTHER_KEY: LastUse()},
        policies={DENY: None},
        belongings=SNAPSHOT,
    )


def denied(reading: UserReading) -> UserReading:
    """The same user with the deny."""
    assert reading.belongings is not None
    has = replace(reading.belongings, inline={**reading.belongings.inline, DENY: None})
    return replace(reading, belongings=has, policies={DENY: policy_document(TicketId(7))})


def quarantined() -> UserReading:
    """The user under the whole quarantine."""
    keys = tuple(replace(key, status=KeyStatus.INACTIVE) for key in SNAPSHOT.keys)
    off = (replace(CREDENTIAL, status=KeyStatus.INACTIVE),)
    reading = denied(as_it_was())
    assert reading.belongings is not None
    return replace(reading, keys=keys, belongings=replace(reading.belongings, keys=keys, service_credentials=off))


def _ticket(workflow: str, state: State, progress: Progress) -> Ticket:
    return Ticket(
        id=TicketId(7),
        workflow=workflow,
        workflow_version=1,
        account_id=ACCOUNT,
        account_name="production",
        username=USER,
        user_id=USER_ID,
        owner=Owner(address="boss@example.com", source="tag", name="Manager"),
        requester=RULES,
        state=state,
        state_since=NOW - 3 * DAY,
        due_at=NOW,
        deadline=NOW - 6 * DAY,
        facts=UserFacts(
            console=True, mfa=True, password_last_used=None, key_last_used=IDLE.at, created_at=CREATED,
            as_of=NOW - HOUR, source="live",
        ),
        progress=progress,
        baseline=circumstances._BASELINE,
        snapshot=SNAPSHOT,
        opened_at=NOW - 21 * DAY,
    )  # fmt: skip


def _of(kind: EffectKind, state: State, progress: Progress, reading: UserReading) -> Circumstances:
    ticket = _ticket("delete-user", state, progress)
    return Circumstances(
        now=NOW,
        effect=delete_user.WORKFLOW.effect_of(ticket, kind, circumstances._ENFORCING),
        ticket=ticket,
        reading=reading,
        policy=circumstances._ENFORCING,
        freeze=Freeze(on=False),
        lease_held=True,
        enforced_since=NOW - 30 * DAY,
        approvals=(),
        pace=Pace(used=0, allowance=20),
        follows=delete_user.WORKFLOW.follows.get(kind, frozenset()),
    )


def _restoring(kind: EffectKind) -> Circumstances:
    ticket = replace(_ticket("restore-user", State.OPEN, Progress()), requester=ALICE)
    gone = UserReading(read_at=NOW - 10 * SECOND, account_id=ACCOUNT, user_id=None)
    first = kind is EffectKind.RESTORE_USER
    return replace(
        _of(EffectKind.LIFT_QUARANTINE, State.OPEN, Progress(), gone if first else as_it_was()),
        effect=Effect(kind=kind, account_id=ACCOUNT, username=USER, targets=() if first else ("admins",)),
        ticket=replace(ticket, user_id=None) if first else ticket,
        follows=frozenset(),
    )


def approve(c: Circumstances, *changes: Mapping[str, object]) -> Circumstances:
    """Return the circumstances with approvals of what is planned in them: one, or one for each set of changes."""
    digest = digest_of(c.ticket, c.reading, c.policy)
    assert digest is not None
    good = Approval(
        ticket_id=c.ticket.id, by=ALICE, digest=digest, at=NOW - HOUR, expires_at=NOW + DAY, comment="HR confirmed"
    )
    given = tuple(replace(good, **change) for change in changes or ({},))  # type: ignore[arg-type]  # the caller's names
    return replace(c, approvals=given)


def has(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with something changed about what the user has."""
    assert c.reading.belongings is not None
    changed = replace(c.reading.belongings, **changes)  # type: ignore[arg-type]  # the caller's names
    return replace(c, reading=replace(c.reading, belongings=changed))


def beside(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with another open ticket about a key of the same user, changed as told."""
    other = circumstances.allowed(EffectKind.DEACTIVATE_KEY).ticket
    changed = replace(other, id=TicketId(8), **changes)  # type: ignore[arg-type]  # the caller's names
    return replace(c, others=(Case(ticket=changed),))
