"""Every workflow and version that this program can carry on."""

from iamflow.domain.errors import NotFoundError
from iamflow.workflows import (
    delete_user,
    disable_key,
    enforce_mfa,
    migrate_to_role,
    org_mfa_guardrail,
    restore_user,
    root_hygiene,
    rotate_key,
)
from iamflow.workflows.workflow import Workflow

WORKFLOWS: tuple[Workflow, ...] = (
    disable_key.WORKFLOW,
    enforce_mfa.WORKFLOW,
    delete_user.WORKFLOW,
    restore_user.WORKFLOW,
    rotate_key.WORKFLOW,
    migrate_to_role.WORKFLOW,
    root_hygiene.WORKFLOW,
    org_mfa_guardrail.WORKFLOW,
)


def current(name: str) -> Workflow:
    """Return the newest version of a workflow. Raises ``NotFoundError`` with the names that there are."""
    found = [workflow for workflow in WORKFLOWS if workflow.name == name]
    if not found:
        known = ", ".join(sorted({workflow.name for workflow in WORKFLOWS}))
        message = f"no workflow is called {name!r}: there is {known}"
        raise NotFoundError(message)
    return max(found, key=lambda workflow: workflow.table.version)


def of_version(name: str, version: int) -> Workflow | None:
    """Return exactly this version, or None when this program does not know it (a newer daemon opened the ticket)."""
    return next((w for w in WORKFLOWS if w.name == name and w.table.version == version), None)
