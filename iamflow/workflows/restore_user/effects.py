"""The effects of ``restore-user``: the user first, with its boundary, then what it belonged to and what it was allowed."""

import json
from collections.abc import Mapping

from iamflow.domain.belongings import Belongings
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.facts import KeyStatus
from iamflow.domain.policy import Policy
from iamflow.domain.ticket import Ticket

ALL = (
    EffectKind.RESTORE_USER,
    EffectKind.RESTORE_GROUPS,
    EffectKind.RESTORE_ATTACHED,
    EffectKind.RESTORE_POLICIES,
    EffectKind.RESTORE_SSH_KEYS,
)

_AT_ONCE = 50
"""How many things one effect names at most: more would take longer than a call may."""


def snapshot_of(ticket: Ticket) -> Belongings:
    """Return what the ticket restores the user from."""
    if ticket.snapshot is None:
        message = f"ticket {ticket.id} has no snapshot to restore a user from"
        raise AssertionError(message)
    return ticket.snapshot


def left(ticket: Ticket, now: Belongings) -> dict[EffectKind, tuple[str, ...]]:
    """Return what has still to be put back, by the name that its effect gives it: an SSH key by its former id."""
    before, put_aside = snapshot_of(ticket), set(ticket.progress.left_out)
    bodies = {key.body for key in now.ssh_keys}
    missing = {
        EffectKind.RESTORE_GROUPS: [name for name in before.groups if name not in now.groups],
        EffectKind.RESTORE_ATTACHED: [arn for arn in before.attached if arn not in now.attached],
        EffectKind.RESTORE_POLICIES: [name for name, text in before.inline.items() if now.inline.get(name) != text],
        EffectKind.RESTORE_SSH_KEYS: [
            key.id for key in before.ssh_keys if key.status is KeyStatus.ACTIVE and key.body not in bodies
        ],
    }
    return {kind: tuple(name for name in names if name not in put_aside) for kind, names in missing.items()}


def next_effect(ticket: Ticket, now: Belongings | None) -> Effect | None:
    """Return what comes next, or None when nothing is left. What did not come back together is tried one by one."""
    if now is None:
        return effect(ticket, EffectKind.RESTORE_USER)
    for kind, names in left(ticket, now).items():
        if names:
            tried = any(name in ticket.progress.trying for name in names)
            return effect(ticket, kind, names[:1] if tried else names[:_AT_ONCE])
    return None


def effect(ticket: Ticket, kind: EffectKind, targets: tuple[str, ...] = ()) -> Effect:
    """Return the effect of a kind on these targets, with what it puts."""
    bodies = _bodies(snapshot_of(ticket), kind, targets)
    return Effect(
        kind=kind,
        account_id=ticket.account_id,
        username=ticket.username,
        targets=targets,
        document=json.dumps(bodies, sort_keys=True) if bodies else None,
    )


def _bodies(before: Belongings, kind: EffectKind, targets: tuple[str, ...]) -> Mapping[str, object]:
    match kind:
        case EffectKind.RESTORE_USER:
            return {"path": before.path, "tags": before.tags, "boundary": before.boundary}
        case EffectKind.RESTORE_POLICIES:
            return {name: before.inline[name] for name in targets}
        case EffectKind.RESTORE_SSH_KEYS:
            return {key.id: key.body for key in before.ssh_keys if key.id in targets}
        case _:
            return {}


def effect_of(ticket: Ticket, kind: EffectKind, policy: Policy) -> Effect:  # noqa: ARG001 - the workflow's signature
    """Return the effect of this kind on whatever the snapshot has of it."""
    nothing = Belongings(user_id="", username=ticket.username, path="/", created_at=snapshot_of(ticket).created_at)
    return effect(ticket, kind, left(ticket, nothing).get(kind, ()))


def heading_for(ticket: Ticket, policy: Policy) -> EffectKind | None:  # noqa: ARG001 - the workflow's signature
    """Return the next effect on the ticket's way, as far as it is known without reading AWS."""
    if ticket.ended:
        return None
    return EffectKind.RESTORE_USER if ticket.user_id is None else EffectKind.RESTORE_GROUPS


def used(policy: Policy) -> frozenset[EffectKind]:  # noqa: ARG001 - the workflow's signature
    """Return the effects that it has under any settings."""
    return frozenset(ALL)


def cannot_come_back(ticket: Ticket) -> tuple[str, ...]:
    """Return in words what AWS has no way to put back, and what it refused to."""
    before = snapshot_of(ticket)
    keys = ", ".join(key.key_id for key in before.keys)
    inactive = [key.id for key in before.ssh_keys if key.status is not KeyStatus.ACTIVE]
    told = (
        f"the user's id ({before.user_id}): policies elsewhere that name the user must be saved again",
        f"the access keys and their secrets: {keys}" if before.keys else "",
        "the console password" if before.login_profile else "",
        f"the MFA devices: {', '.join(before.mfa)}" if before.mfa else "",
        f"{len(before.certificates)} signing certificates" if before.certificates else "",
        f"{len(before.service_credentials)} passwords for single services" if before.service_credentials else "",
        f"SSH public keys that were Inactive: {', '.join(inactive)}" if inactive else "",
        f"refused by AWS: {', '.join(ticket.progress.left_out)}" if ticket.progress.left_out else "",
    )
    return tuple(sentence for sentence in told if sentence)
