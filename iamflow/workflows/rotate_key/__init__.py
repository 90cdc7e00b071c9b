"""``rotate-key``: a new key into the secret store → adopted → deactivate, watch and delete the old one, or roll back."""

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.subject import Part
from iamflow.workflows.rotate_key import before, effects, issued, looks, proof, results
from iamflow.workflows.rotate_key.outlook import OUTLOOK
from iamflow.workflows.rotate_key.table import TABLE
from iamflow.workflows.shared import course, watch
from iamflow.workflows.shared import proof as shared_proof
from iamflow.workflows.workflow import Situation, Workflow


def _decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    ticket, rotation = case.ticket, case.ticket.progress.rotation
    if ticket.ended:
        return shared_proof.decide(proof.proves, case, sight, situation)
    if ticket.key_was_deactivated:
        return watch.decide(case, sight, situation)
    undoes = ticket.is_replaced and ticket.wanted is not None
    if rotation is not None and (rotation.new_key is not None or rotation.given_back or undoes):
        return issued.decide(case, sight, situation)
    return course.decide(before.COURSE, case, sight, situation)


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
    blocked=results.blocked,
    heading_for=effects.heading_for,
    effect_of=effects.effect_of,
    policies_of=effects.policies_of,
    outlook=OUTLOOK,
    sink_of=effects.sink_of,
    parts=frozenset({Part.KEY_USES}),
)
