"""``org-mfa-guardrail``: preview → approvals → a service control policy → watch → kept or taken away, as people decide."""

from iamflow.domain.decision import Case, Decision, Sight
from iamflow.domain.subject import About
from iamflow.workflows.org_mfa_guardrail import after, before, effects, looks, outlook, proof, results
from iamflow.workflows.org_mfa_guardrail.table import TABLE
from iamflow.workflows.shared import common
from iamflow.workflows.shared import proof as shared_proof
from iamflow.workflows.workflow import Situation, Workflow


def _decide(case: Case, sight: Sight, situation: Situation) -> Decision:
    if case.ticket.ended:
        return shared_proof.decide(proof.proves, case, sight, situation)
    if case.ticket.is_denied:
        return after.decide(case, sight, situation)
    return before.decide(case, sight, situation)


WORKFLOW = Workflow(
    table=TABLE,
    effects=effects.ALL,
    used=lambda _policy: frozenset(effects.ALL),
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
    outlook=outlook.OUTLOOK,
    about=About.TARGET,
    governed_of=effects.governed_of,
)
