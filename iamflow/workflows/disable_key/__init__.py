"""``disable-key``: notice → grace → deactivate → watch → delete or roll back, for an access key that is too old."""

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.effect import EffectKind
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket
from iamflow.workflows.disable_key import after, before, common, end, looks, results
from iamflow.workflows.disable_key.table import TABLE
from iamflow.workflows.workflow import Situation, Workflow


def _decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    if case.ticket.ended:
        return end.decide(case, sight, situation)
    if case.ticket.key_was_deactivated:
        return after.decide(case, sight, situation)
    return before.decide(case, sight, situation)


def _heading_for(ticket: Ticket) -> EffectKind | None:
    if ticket.ended or ticket.state is State.EXEMPT:
        return None
    if ticket.wanted is not None:
        return EffectKind.REACTIVATE_KEY
    return EffectKind.DELETE_KEY if ticket.key_was_deactivated else EffectKind.DEACTIVATE_KEY


WORKFLOW = Workflow(
    table=TABLE,
    effects=(
        EffectKind.DEACTIVATE_KEY,
        EffectKind.REACTIVATE_KEY,
        EffectKind.DELETE_KEY,
    ),
    wants=looks.wants,
    decide=_decide,
    refused=results.refused,
    achieved=results.achieved,
    settle=results.settle,
    blocked=common.block,
    heading_for=_heading_for,
)
