"""The effects of ``enforce-mfa`` on a user and on the account's policies."""

from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.policy import Policy
from iamflow.domain.require_mfa import MANAGED_NAMES, How, Shape, shape
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket

_INLINE = (EffectKind.PUT_MFA_POLICY, EffectKind.DELETE_MFA_POLICY)
_MANAGED = (EffectKind.CREATE_MFA_POLICY, EffectKind.ATTACH_MFA_POLICY, EffectKind.DETACH_MFA_POLICY)

ALL = (*_INLINE, *_MANAGED)
"""Every effect that ``enforce-mfa`` can have."""

_BEFORE = frozenset({State.NOTIFIED, State.AWAITING_APPROVAL})

FOLLOWS = {
    EffectKind.PUT_MFA_POLICY: _BEFORE,
    EffectKind.CREATE_MFA_POLICY: _BEFORE,
    EffectKind.ATTACH_MFA_POLICY: _BEFORE,
}

_PUT = {How.INLINE: EffectKind.PUT_MFA_POLICY, How.MANAGED: EffectKind.ATTACH_MFA_POLICY}
_REMOVE = {How.INLINE: EffectKind.DELETE_MFA_POLICY, How.MANAGED: EffectKind.DETACH_MFA_POLICY}


def used(policy: Policy) -> frozenset[EffectKind]:
    """Return the effects that it has under these settings: those of the one way in which the policy is put."""
    return frozenset(_INLINE if policy.enforce_mfa.policy is How.INLINE else _MANAGED)


def wanted(ticket: Ticket, policy: Policy) -> Shape:
    """Return the policy that the settings ask for on this ticket's user."""
    settings = policy.enforce_mfa
    return shape(ticket.id, settings.policy, exempt_change_password=settings.exempt_change_password)


def putting(ticket: Ticket, of: Shape) -> Effect:
    """Return the effect that puts this policy on the user."""
    return _effect(ticket, _PUT[of.how], of)


def making(ticket: Ticket, of: Shape) -> Effect:
    """Return the effect that makes this policy in the account, for every user."""
    return _effect(ticket, EffectKind.CREATE_MFA_POLICY, of)


def removing(ticket: Ticket, of: Shape) -> Effect:
    """Return the effect that takes this policy from the user."""
    return _effect(ticket, _REMOVE[of.how], of)


def effect_of(ticket: Ticket, kind: EffectKind, policy: Policy) -> Effect:
    """Return the effect of this kind that the ticket may have, about the policy that was written where one was."""
    begun = ticket.progress.mfa_policy
    return _effect(ticket, kind, begun.shape if begun is not None else wanted(ticket, policy))


def heading_for(ticket: Ticket, policy: Policy) -> EffectKind | None:
    """Return the next effect on the ticket's way."""
    if ticket.ended or ticket.state is State.EXEMPT:
        return None
    begun = ticket.progress.mfa_policy
    if begun is not None and begun.removed_at is None:
        # Without a rollback it goes when a device shows, which nobody can tell beforehand.
        return _REMOVE[begun.shape.how] if ticket.wanted is not None else None
    return _PUT[policy.enforce_mfa.policy]


def managed_of(ticket: Ticket, policy: Policy) -> tuple[str, ...]:
    """Return the names of the account's policies that every reading for this ticket must ask for."""
    if ticket.ended:
        return ()
    begun = ticket.progress.mfa_policy
    how = begun.shape.how if begun is not None else policy.enforce_mfa.policy
    return MANAGED_NAMES if how is How.MANAGED else ()


def _effect(ticket: Ticket, kind: EffectKind, of: Shape) -> Effect:
    writes = kind in {EffectKind.PUT_MFA_POLICY, EffectKind.CREATE_MFA_POLICY}
    return Effect(
        kind=kind,
        account_id=ticket.account_id,
        username=ticket.username,
        targets=(of.name,),
        document=of.document if writes else None,
    )
