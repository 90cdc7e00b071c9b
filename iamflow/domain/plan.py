"""The plan that an approval binds to (DESIGN 8.14)."""

import hashlib
from datetime import timedelta

from iamflow.domain import brownout as browning
from iamflow.domain import quarantine
from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import UserReading
from iamflow.domain.guardrail import Guardrail, policy_document, policy_name, target_of
from iamflow.domain.journal import canonical
from iamflow.domain.policy import Policy
from iamflow.domain.require_mfa import How, shape
from iamflow.domain.ticket import Ticket


def remaining_effects(ticket: Ticket) -> tuple[EffectKind, ...]:
    """Return the effects that the ticket has still before it, in order."""
    if ticket.key_was_deactivated:
        return (EffectKind.DELETE_KEY,)
    return (*_provisioning(ticket), *_replacing(ticket), EffectKind.DEACTIVATE_KEY, EffectKind.DELETE_KEY)


def _replacing(ticket: Ticket) -> tuple[EffectKind, ...]:
    """Return the effects that are still to give the user a new key, in order; none in a workflow that gives none."""
    rotation = ticket.progress.rotation
    if ticket.workflow != "rotate-key" or (rotation is not None and rotation.new_key is not None):
        return ()
    frees = rotation is not None and rotation.slot is not None
    return (EffectKind.FREE_SLOT, EffectKind.ISSUE_KEY) if frees else (EffectKind.ISSUE_KEY,)


def _provisioning(ticket: Ticket) -> tuple[EffectKind, ...]:
    """Return the steps that lead to a role, in order, each kind once; none once all of them have been done."""
    migration = ticket.migration
    if migration is None or migration.blueprint is None or migration.provisioned_at is not None:
        return ()
    return tuple(dict.fromkeys(step.kind for step in migration.blueprint.steps))


def digest_of(ticket: Ticket, reading: UserReading, policy: Policy) -> str | None:
    """Return the digest of what would be done under these settings, or None when its subject is not there."""
    if ticket.access_key_id is not None:
        return plan_digest(ticket, reading, policy.excused, policy.of(ticket.workflow).brownout)
    return _user_plan_digest(ticket, reading, policy)


def _user_plan_digest(ticket: Ticket, reading: UserReading, policy: Policy) -> str | None:
    """Return the digest of the plan of a ticket that is about a user."""
    if ticket.progress.guardrail is not None:
        return _guardrail_digest(ticket, ticket.progress.guardrail, policy)
    if reading.user_id is None:
        return None
    plan: dict[str, object] = {
        "workflow": ticket.workflow,
        "version": ticket.workflow_version,
        "account": ticket.account_id,
        "user": ticket.username,
        "user_id": reading.user_id,
        **_USER_PLANS[ticket.workflow](ticket, reading, policy),
    }
    return hashlib.sha256(canonical(plan).encode()).hexdigest()


def _guardrail_digest(ticket: Ticket, guardrail: Guardrail, policy: Policy) -> str | None:
    """Return the digest of a guardrail: what is attached to what, and who would be denied; None without a preview."""
    if guardrail.preview is None or not guardrail.preview.whole:
        return None
    written = guardrail.policy
    password = policy.org_mfa_guardrail.exempt_change_password
    plan: dict[str, object] = {
        "workflow": ticket.workflow,
        "version": ticket.workflow_version,
        "account": ticket.account_id,
        "effects": ["create_scp", "attach_scp"],
        "target": target_of(ticket.username),
        "policy": policy_name(ticket.id),
        "document": written.document if written else policy_document(ticket.id, exempt_change_password=password),
        "preview": guardrail.preview.plan(),
    }
    return hashlib.sha256(canonical(plan).encode()).hexdigest()


def _require_mfa(ticket: Ticket, _: UserReading, policy: Policy) -> dict[str, object]:
    settings = policy.enforce_mfa
    wanted = shape(ticket.id, settings.policy, exempt_change_password=settings.exempt_change_password)
    first = EffectKind.PUT_MFA_POLICY if wanted.how is How.INLINE else EffectKind.ATTACH_MFA_POLICY
    return {"effects": [first.value], "policy": wanted.name, "document": wanted.document}


def _delete_user(ticket: Ticket, reading: UserReading, policy: Policy) -> dict[str, object]:
    """Return what of the user would go, by name, and in how many acts: a quarantine first, or only the deletion."""
    names = reading.belongings.names() if reading.belongings is not None else {}
    ours = quarantine.policy_name(ticket.id)
    return {
        "effects": ["delete_user"] if ticket.key_was_deactivated else ["attach_quarantine", "delete_user"],
        "created": reading.created_at.replace(microsecond=0).isoformat() if reading.created_at is not None else None,
        "belongings": {kind: [name for name in found if name != ours] for kind, found in names.items()},
        "password": policy.delete_user.remove_login_profile,
        "excused": sorted([region, reason] for region, reason in policy.excused),
    }


_USER_PLANS = {"enforce-mfa": _require_mfa, "delete-user": _delete_user}
"""What is particular to the plan of each workflow that is about users."""


def plan_digest(
    ticket: Ticket, reading: UserReading, excused: tuple[tuple[str, str], ...], brownout: timedelta | None = None
) -> str | None:
    """Return the digest of what would be done to what, or None when the key is not there.

    Never counters, last use or the time: an approval must not be voided by the clock, only by a changed plan. A brown-out
    and the deactivation that it prepares are one plan: a single approval lets both through.
    """
    key = reading.key(ticket.access_key_id)
    if key is None or reading.user_id is None:
        return None
    plan: dict[str, object] = {
        "workflow": ticket.workflow,
        "version": ticket.workflow_version,
        "effects": [kind.value for kind in remaining_effects(ticket)],
        "account": ticket.account_id,
        "user": ticket.username,
        "user_id": reading.user_id,
        "key": ticket.access_key_id,
        "created": key.created_at.replace(microsecond=0).isoformat(),
        "excused": sorted([region, reason] for region, reason in excused),
    }
    if brownout is not None and not ticket.key_was_deactivated:
        plan["brownout"] = {"seconds": brownout.total_seconds(), "document": browning.policy_document(ticket.id)}
    rotation = ticket.progress.rotation
    if rotation is not None:
        plan["rotation"] = {"sink": rotation.sink, "frees": rotation.slot, "new": rotation.new_key}
    if ticket.migration is not None:
        plan["migration"] = ticket.migration.digest()
    return hashlib.sha256(canonical(plan).encode()).hexdigest()
