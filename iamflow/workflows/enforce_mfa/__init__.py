"""``enforce-mfa``: notice → grace → require MFA by a policy → remove it once a device is seen, for console users without one."""

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.subject import About, Part
from iamflow.workflows.enforce_mfa import before, effects, enforced, looks, outlook, proof, results
from iamflow.workflows.enforce_mfa.table import TABLE
from iamflow.workflows.shared import common, course
from iamflow.workflows.shared import proof as shared_proof
from iamflow.workflows.workflow import Situation, Workflow


def _decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    if case.ticket.ended:
        return shared_proof.decide(proof.proves, case, sight, situation)
    if case.ticket.is_denied:
        return enforced.decide(case.ticket, common.required(sight.user), situation)
    return before.left_over(case, sight, situation) or course.decide(before.COURSE, case, sight, situation)


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
    effect_of=effects.effect_of,
    policies_of=lambda _ticket, _policy: (),
    managed_of=effects.managed_of,
    outlook=outlook.OUTLOOK,
    about=About.USER,
    parts=frozenset({Part.CONSOLE, Part.MFA, Part.KEY_USES, Part.INLINE}),
)
