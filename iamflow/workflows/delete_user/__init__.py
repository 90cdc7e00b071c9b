"""``delete-user``: notice → grace → approval → quarantine → watch → delete or roll back, for a user whom nobody uses."""

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.subject import About, Part
from iamflow.workflows.delete_user import after, before, effects, looks, outlook, proof, results
from iamflow.workflows.delete_user.table import TABLE
from iamflow.workflows.shared import common, course
from iamflow.workflows.shared import proof as shared_proof
from iamflow.workflows.shared.refused import refused
from iamflow.workflows.workflow import Situation, Workflow


def _decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    if case.ticket.ended:
        return shared_proof.decide(proof.proves, case, sight, situation)
    if case.ticket.key_was_deactivated:
        return after.decide(case, sight, situation)
    return course.decide(before.COURSE, case, sight, situation)


WORKFLOW = Workflow(
    table=TABLE,
    effects=effects.ALL,
    used=effects.used,
    follows=effects.FOLLOWS,
    wants=looks.wants,
    decide=_decide,
    refused=refused,
    achieved=results.achieved,
    settle=results.settle,
    blocked=common.block,
    heading_for=effects.heading_for,
    effect_of=effects.effect_of,
    policies_of=effects.policies_of,
    outlook=outlook.OUTLOOK,
    about=About.USER,
    parts=frozenset({Part.KEY_USES, Part.BELONGINGS}),
    parts_of=effects.parts_of,
    approval_says="who in HR or IT confirmed that this user may go",
)
