"""``disable-key``: notice → grace → deactivate → watch → delete or roll back, for an access key that is too old."""

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.workflows.disable_key import before, brownout, effects, looks, outlook, proof, results
from iamflow.workflows.disable_key.table import TABLE
from iamflow.workflows.shared import common, course, watch
from iamflow.workflows.shared import proof as shared_proof
from iamflow.workflows.workflow import Situation, Workflow


def _decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    if case.ticket.ended:
        return shared_proof.decide(proof.proves, case, sight, situation)
    if case.ticket.key_was_deactivated:
        return watch.decide(case, sight, situation)
    return brownout.decide(case, sight, situation) or course.decide(before.COURSE, case, sight, situation)


WORKFLOW = Workflow(
    table=TABLE,
    effects=effects.ALL,
    used=effects.used,
    follows=effects.FOLLOWS,
    wants=looks.wants,
    decide=_decide,
    refused=results.refused,
    achieved=results.achieved,
    settle=results.settle,
    blocked=common.block,
    heading_for=effects.heading_for,
    effect_of=lambda ticket, kind, _policy: effects.effect_of(ticket, kind),
    policies_of=effects.policies_of,
    outlook=outlook.OUTLOOK,
)
