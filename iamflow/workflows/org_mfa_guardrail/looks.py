"""What an ``org-mfa-guardrail`` ticket wants read before a decision."""

from iamflow.domain.decision import Case, Look, Sight
from iamflow.domain.guardrail import is_attached, target_of
from iamflow.domain.states import PAUSED, Confirmation, State
from iamflow.domain.ticket import Ticket
from iamflow.workflows.org_mfa_guardrail import effects
from iamflow.workflows.workflow import Situation

_NOTHING: frozenset[Look] = frozenset()


def wants(case: Case, sight: Sight, situation: Situation) -> frozenset[Look]:  # noqa: ARG001 - every workflow's signature
    """Return what must still be read; asked again until it wants nothing more."""
    ticket = case.ticket
    if ticket.ended:
        pending = ticket.confirmation is Confirmation.PENDING and sight.proof is None
        return frozenset({Look.PROOF}) if pending else _NOTHING
    if sight.user is None:
        return frozenset({Look.USER})
    if ticket.state in PAUSED or ticket.wanted is not None:
        return _NOTHING
    attached = is_attached(sight.user.organisation, target_of(ticket.username))
    if ticket.state is State.MONITORING:
        watched = attached and ticket.progress.keep is None and sight.denials is None
        return frozenset({Look.DENIALS}) if watched else _NOTHING
    return frozenset({Look.PREVIEW}) if _to_preview(ticket, sight, attached=attached) else _NOTHING


def _to_preview(ticket: Ticket, sight: Sight, *, attached: bool) -> bool:
    """Whether what the policy would do must be known: before it is attached, and where there is anything to attach it to."""
    organisation = sight.user.organisation if sight.user is not None else None
    if sight.preview is not None or attached or organisation is None:
        return False
    reachable = organisation.target_name is not None and organisation.management_account == ticket.account_id
    begun = effects.of(ticket).policy
    return reachable and (begun is None or begun.attached_at is None)
