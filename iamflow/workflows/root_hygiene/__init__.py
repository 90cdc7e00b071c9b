"""``root-hygiene``: notice → reminders → word to the security team, until the root user has MFA and no access keys."""

from iamflow.domain.subject import About
from iamflow.workflows.root_hygiene import waiting
from iamflow.workflows.root_hygiene.outlook import OUTLOOK
from iamflow.workflows.root_hygiene.table import TABLE
from iamflow.workflows.shared import common, no_effects
from iamflow.workflows.workflow import Workflow

WORKFLOW = Workflow(
    table=TABLE,
    effects=(),
    used=lambda _policy: frozenset(),
    follows={},
    wants=waiting.wants,
    decide=waiting.decide,
    refused=no_effects.refused,
    achieved=no_effects.achieved,
    settle=no_effects.settle,
    blocked=common.block,
    heading_for=lambda _ticket, _policy: None,
    effect_of=no_effects.effect_of,
    policies_of=lambda _ticket, _policy: (),
    outlook=OUTLOOK,
    about=About.ROOT,
)
