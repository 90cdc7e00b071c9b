"""The effects of ``disable-key`` on a ticket's key and its user."""

from iamflow.domain.brownout import Lack, lack, policy_document, policy_name
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.policy import Policy
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket

_BROWNOUT = frozenset({EffectKind.ATTACH_BROWNOUT, EffectKind.LIFT_BROWNOUT})

ALL = (
    EffectKind.ATTACH_BROWNOUT,
    EffectKind.LIFT_BROWNOUT,
    EffectKind.DEACTIVATE_KEY,
    EffectKind.REACTIVATE_KEY,
    EffectKind.DELETE_KEY,
)
"""Every effect that ``disable-key`` can have."""


FOLLOWS = {
    EffectKind.ATTACH_BROWNOUT: frozenset({State.NOTIFIED, State.BROWNOUT, State.AWAITING_APPROVAL}),
    EffectKind.DEACTIVATE_KEY: frozenset({State.NOTIFIED, State.BROWNOUT, State.AWAITING_APPROVAL}),
    EffectKind.DELETE_KEY: frozenset({State.MONITORING, State.AWAITING_APPROVAL}),
}


def used(policy: Policy) -> frozenset[EffectKind]:
    """Return the effects that it has under these settings: those of the brown-out only where one is asked for."""
    return frozenset(ALL) - (_BROWNOUT if policy.disable_key.brownout is None else frozenset())


def effect_of(ticket: Ticket, kind: EffectKind) -> Effect:
    """Return the effect of this kind that the ticket may have."""
    return Effect(
        kind=kind,
        account_id=ticket.account_id,
        username=ticket.username,
        key_id=ticket.access_key_id,
        targets=(policy_name(ticket.id),) if kind in _BROWNOUT else (),
        document=policy_document(ticket.id) if kind is EffectKind.ATTACH_BROWNOUT else None,
    )


def heading_for(ticket: Ticket, policy: Policy) -> EffectKind | None:
    """Return the next effect on the ticket's way."""
    if ticket.ended or ticket.state is State.EXEMPT:
        return None
    if ticket.is_denied:
        return EffectKind.LIFT_BROWNOUT
    if ticket.wanted is not None:
        return EffectKind.REACTIVATE_KEY
    if ticket.key_was_deactivated:
        return EffectKind.DELETE_KEY
    lacks = lack(ticket.progress.brownout, policy.of(ticket.workflow).brownout, policy.excused)
    first = lacks in {Lack.NOT_BEGUN, Lack.CUT_SHORT}
    return EffectKind.ATTACH_BROWNOUT if first else EffectKind.DEACTIVATE_KEY


def policies_of(ticket: Ticket, policy: Policy) -> tuple[str, ...]:
    """Return the names of the user's inline policies that every reading for this ticket must ask for.

    Once nothing of a brown-out is lacking, that is none: the deny was seen to be gone, and the session that deactivates
    the key may not read policies.
    """
    if ticket.ended or ticket.key_was_deactivated:
        return ()
    lacks = lack(ticket.progress.brownout, policy.of(ticket.workflow).brownout, policy.excused)
    return () if lacks is None else (policy_name(ticket.id),)
