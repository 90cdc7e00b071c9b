"""The effects of ``org-mfa-guardrail`` on policies of the organisation."""

from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.guardrail import Guardrail, WrittenPolicy, policy_document, policy_name, target_of
from iamflow.domain.policy import Policy
from iamflow.domain.states import State, Wanted
from iamflow.domain.subject import Governed
from iamflow.domain.ticket import Ticket

ALL = (EffectKind.CREATE_SCP, EffectKind.ATTACH_SCP, EffectKind.DETACH_SCP, EffectKind.DELETE_SCP)
"""Every effect that ``org-mfa-guardrail`` can have."""

_APPROVED = frozenset({State.AWAITING_APPROVAL})

FOLLOWS = {EffectKind.CREATE_SCP: _APPROVED, EffectKind.ATTACH_SCP: _APPROVED}


def governed_of(ticket: Ticket) -> Governed:
    """Return what every reading for this ticket asks Organizations for."""
    return Governed(target=target_of(ticket.username), policy=policy_name(ticket.id))


def of(ticket: Ticket) -> Guardrail:
    """Return how far the ticket's guardrail has come."""
    return ticket.progress.guardrail or Guardrail()


def wanted(ticket: Ticket, policy: Policy) -> str:
    """Return the document that the settings ask for."""
    return policy_document(ticket.id, exempt_change_password=policy.org_mfa_guardrail.exempt_change_password)


def written(ticket: Ticket) -> WrittenPolicy:
    """Return the policy that a ticket in this part of its way has begun to write."""
    policy = of(ticket).policy
    if policy is None:
        message = f"ticket {ticket.id} has written no policy"
        raise AssertionError(message)
    return policy


def creating(ticket: Ticket, document: str) -> Effect:
    """Return the effect that makes the policy."""
    return _effect(ticket, EffectKind.CREATE_SCP, policy_name(ticket.id), document)


def about(ticket: Ticket, kind: EffectKind, policy_id: str) -> Effect:
    """Return the effect of this kind on a policy that is there."""
    return _effect(ticket, kind, policy_id, None)


def effect_of(ticket: Ticket, kind: EffectKind, policy: Policy) -> Effect:
    """Return the effect of this kind that the ticket may have."""
    begun = of(ticket).policy
    if kind is EffectKind.CREATE_SCP or begun is None or begun.policy_id is None:
        return creating(ticket, wanted(ticket, policy))
    return about(ticket, kind, begun.policy_id)


def heading_for(ticket: Ticket, _policy: Policy) -> EffectKind | None:
    """Return the next effect on the ticket's way; none once people have to decide."""
    if ticket.ended:
        return None
    begun = of(ticket).policy
    if begun is None or begun.policy_id is None:
        return EffectKind.CREATE_SCP
    if begun.attached_at is None:
        return EffectKind.DELETE_SCP if ticket.wanted is Wanted.ROLLBACK else EffectKind.ATTACH_SCP
    return EffectKind.DETACH_SCP if ticket.wanted is Wanted.ROLLBACK else None


def _effect(ticket: Ticket, kind: EffectKind, target: str, document: str | None) -> Effect:
    return Effect(
        kind=kind,
        account_id=ticket.account_id,
        username=ticket.username,
        targets=(target,),
        document=document,
    )
