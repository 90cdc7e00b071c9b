"""Circumstances in which everything that ``enforce-mfa`` does is allowed."""

from dataclasses import replace

from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.facts import KeyState, KeyStatus, LastUse, ManagedPolicy, UserFacts
from iamflow.domain.guards import Circumstances
from iamflow.domain.plan import digest_of
from iamflow.domain.require_mfa import Enrolment, How, MfaPolicy, Shape, shape
from iamflow.domain.states import State
from iamflow.domain.ticket import Approval
from iamflow.domain.waits import EnforceMfaPolicy
from iamflow.workflows.enforce_mfa import WORKFLOW

from .circumstances import ALICE, CREATED, DAY, HOUR, KEY, NOW, OTHER_KEY
from .circumstances import allowed as allowed_for_a_key

KINDS = WORKFLOW.effects
"""The effects of enforce-mfa."""
REQUIRING = tuple(kind for kind in KINDS if not kind.undoes)
"""Those of them that require MFA, or prepare it."""
PUTTING = tuple(kind for kind in REQUIRING if kind.begins)

_INLINE = frozenset({EffectKind.PUT_MFA_POLICY, EffectKind.DELETE_MFA_POLICY})
_FOREIGN = '{"Version":"2012-10-17","Statement":[]}'


def shape_of(kind: EffectKind) -> Shape:
    """Return the policy that an effect is about."""
    how = How.INLINE if kind in _INLINE else How.MANAGED
    return shape(allowed_for_a_key(EffectKind.DEACTIVATE_KEY).ticket.id, how, exempt_change_password=False)


def allowed(kind: EffectKind) -> Circumstances:
    """Return circumstances in which no guard has anything against this effect."""
    wanted = shape_of(kind)
    c = allowed_for_a_key(EffectKind.DEACTIVATE_KEY)
    facts = UserFacts(
        console=True,
        mfa=False,
        password_last_used=None,
        key_last_used=NOW - 200 * DAY,
        created_at=CREATED,
        as_of=NOW - HOUR,
        source="live",
    )
    progress = replace(c.ticket.progress, enrolment=Enrolment(at=NOW - HOUR, lacking=()))
    if kind.undoes:
        on = MfaPolicy(shape=wanted, since=NOW - 3 * DAY, attached_at=NOW - 3 * DAY)
        progress = replace(progress, mfa_policy=on, deactivated_at=NOW - 3 * DAY)
    ticket = replace(
        c.ticket,
        workflow="enforce-mfa",
        access_key_id=None,
        facts=facts,
        baseline=None,
        state=State.ENFORCED if kind.undoes else State.NOTIFIED,
        progress=progress,
    )
    reading = replace(
        c.reading,
        keys=(
            KeyState(key_id=KEY, status=KeyStatus.ACTIVE, created_at=CREATED),
            KeyState(key_id=OTHER_KEY, status=KeyStatus.INACTIVE, created_at=CREATED),
        ),
        last_use=None,
        console=True,
        mfa=(),
        uses={KEY: LastUse(at=NOW - 200 * DAY), OTHER_KEY: LastUse(at=NOW - HOUR)},
        inline={wanted.name: wanted.document} if kind is EffectKind.DELETE_MFA_POLICY else {},
        managed={} if kind in _INLINE else {wanted.name: _managed(kind, wanted)},
    )
    effect = Effect(
        kind=kind, account_id=ticket.account_id, username=ticket.username, targets=(wanted.name,), document=None
    )
    policy = replace(c.policy, enforce_mfa=EnforceMfaPolicy(policy=wanted.how))
    follows = WORKFLOW.follows.get(kind, frozenset())
    return replace(c, effect=effect, ticket=ticket, reading=reading, policy=policy, follows=follows)


def _managed(kind: EffectKind, wanted: Shape) -> ManagedPolicy | None:
    if kind is EffectKind.CREATE_MFA_POLICY:
        return None
    return managed(wanted, attached=kind is EffectKind.DETACH_MFA_POLICY)


def managed(wanted: Shape, *, attached: bool, document: str | None = None) -> ManagedPolicy:
    """Return the managed policy as read."""
    arn = f"arn:aws:iam::012345678901:policy/{wanted.name}"
    return ManagedPolicy(arn=arn, document=document or wanted.document, attached=attached)


def foreign(c: Circumstances) -> Circumstances:
    """Return the circumstances with somebody else's policy of that name."""
    wanted = shape_of(c.effect.kind)
    if c.effect.kind in _INLINE:
        return replace(c, reading=replace(c.reading, inline={wanted.name: _FOREIGN}))
    found = managed(wanted, attached=c.effect.kind is EffectKind.DETACH_MFA_POLICY, document=_FOREIGN)
    return replace(c, reading=replace(c.reading, managed={wanted.name: found}))


def unread(c: Circumstances) -> Circumstances:
    """Return the circumstances in which nobody has looked for the policy."""
    reading = replace(c.reading, inline=None) if c.effect.kind in _INLINE else replace(c.reading, managed={})
    return replace(c, reading=reading)


def approve(c: Circumstances) -> Circumstances:
    """Return the circumstances with an approval of what is planned in them."""
    digest = digest_of(c.ticket, c.reading, c.policy)
    assert digest is not None
    one = Approval(ticket_id=c.ticket.id, by=ALICE, digest=digest, at=NOW - HOUR, expires_at=NOW + DAY)
    return replace(c, approvals=(one,))
