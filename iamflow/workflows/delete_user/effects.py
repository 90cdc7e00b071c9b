"""The effects of ``delete-user``: which there are, in which order, and what each of them names."""

from collections.abc import Iterator

from iamflow.domain.belongings import Belongings
from iamflow.domain.brownout import Deny
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.facts import KeyStatus, UserReading
from iamflow.domain.policy import Policy
from iamflow.domain.quarantine import deny_in, policy_document, policy_name, to_give_back
from iamflow.domain.states import State
from iamflow.domain.subject import Part
from iamflow.domain.ticket import Ticket

QUARANTINING = (
    EffectKind.ATTACH_QUARANTINE,
    EffectKind.DEACTIVATE_KEYS,
    EffectKind.DISABLE_SERVICES,
    EffectKind.REMOVE_LOGIN,
)
GIVING_BACK = (EffectKind.REACTIVATE_KEYS, EffectKind.ENABLE_SERVICES, EffectKind.LIFT_QUARANTINE)
DELETING = (
    EffectKind.DELETE_LOGIN,
    EffectKind.DELETE_KEYS,
    EffectKind.DELETE_SERVICES,
    EffectKind.DELETE_SSH_KEYS,
    EffectKind.DELETE_CERTIFICATES,
    EffectKind.DEACTIVATE_MFA,
    EffectKind.DELETE_VIRTUAL_MFA,
    EffectKind.LEAVE_GROUPS,
    EffectKind.DETACH_POLICIES,
    EffectKind.DELETE_POLICIES,
    EffectKind.DELETE_QUARANTINE,
    EffectKind.DELETE_USER,
)
"""The order of a deletion: what gives access first, iamflow's own deny last before the user itself."""

ALL = (*QUARANTINING, *GIVING_BACK, *DELETING)

FOLLOWS = {
    EffectKind.ATTACH_QUARANTINE: frozenset({State.NOTIFIED, State.AWAITING_APPROVAL}),
    **{kind: frozenset({State.QUARANTINED}) for kind in QUARANTINING[1:]},
    **{kind: frozenset({State.MONITORING, State.AWAITING_APPROVAL, State.DELETING}) for kind in DELETING[:-1]},
    EffectKind.DELETE_USER: frozenset({State.DELETING}),
}

_AT_ONCE = 50
"""How many things one effect names at most: more would take longer than a call may."""

_WITHOUT_TARGETS = frozenset({EffectKind.REMOVE_LOGIN, EffectKind.DELETE_LOGIN, EffectKind.DELETE_USER})
_ABOUT_DENY = frozenset({EffectKind.ATTACH_QUARANTINE, EffectKind.LIFT_QUARANTINE, EffectKind.DELETE_QUARANTINE})


def used(policy: Policy) -> frozenset[EffectKind]:
    """Return the effects that it has under these settings: the password goes with the quarantine only where asked for."""
    unasked = frozenset() if policy.delete_user.remove_login_profile else {EffectKind.REMOVE_LOGIN}
    return frozenset(ALL) - unasked


def effect(ticket: Ticket, kind: EffectKind, targets: tuple[str, ...] = ()) -> Effect:
    """Return the effect of a kind on these targets."""
    return Effect(
        kind=kind,
        account_id=ticket.account_id,
        username=ticket.username,
        targets=(policy_name(ticket.id),) if kind in _ABOUT_DENY else targets[:_AT_ONCE],
        document=policy_document(ticket.id) if kind is EffectKind.ATTACH_QUARANTINE else None,
    )


def effect_of(ticket: Ticket, kind: EffectKind, policy: Policy) -> Effect:  # noqa: ARG001 - the workflow's signature
    """Return the effect of this kind on everything of its kind that the snapshot knows."""
    known = left_in(ticket.snapshot).get(kind, ()) if ticket.snapshot is not None else ()
    return effect(ticket, kind, known)


def left_in(has: Belongings) -> dict[EffectKind, tuple[str, ...]]:
    """Return what each kind of effect would find to do, by name."""
    return {
        EffectKind.DEACTIVATE_KEYS: tuple(key.key_id for key in has.keys if key.status is KeyStatus.ACTIVE),
        EffectKind.DISABLE_SERVICES: tuple(one.id for one in has.service_credentials if one.status is KeyStatus.ACTIVE),
        EffectKind.DELETE_KEYS: tuple(key.key_id for key in has.keys),
        EffectKind.DELETE_SERVICES: tuple(one.id for one in has.service_credentials),
        EffectKind.DELETE_SSH_KEYS: tuple(key.id for key in has.ssh_keys),
        EffectKind.DELETE_CERTIFICATES: tuple(one.id for one in has.certificates),
        EffectKind.DEACTIVATE_MFA: has.mfa,
        EffectKind.LEAVE_GROUPS: has.groups,
        EffectKind.DETACH_POLICIES: has.attached,
        EffectKind.DELETE_POLICIES: tuple(has.inline),
    }


def still_to_do(ticket: Ticket, kind: EffectKind, reading: UserReading) -> tuple[str, ...] | None:
    """Return what an effect of this kind would still find to do on a user who is there; None where nothing is left.

    Whatever was done, was done by somebody: only an intent tells whether it was iamflow.
    """
    has = reading.belongings
    if has is None:
        message = "what the user has was not read"
        raise AssertionError(message)
    deny = deny_in(reading, ticket.id)
    if kind in _ABOUT_DENY:
        wanted = Deny.OURS if kind is EffectKind.ATTACH_QUARANTINE else Deny.ABSENT
        return None if deny is wanted else (policy_name(ticket.id),)
    if kind in _WITHOUT_TARGETS:
        return () if kind is EffectKind.DELETE_USER or has.login_profile else None
    if kind in GIVING_BACK:
        return (to_give_back(reading, ticket.snapshot)[kind] if ticket.snapshot is not None else ()) or None
    if kind is EffectKind.DELETE_VIRTUAL_MFA:
        return _left_behind(ticket, reading) or None
    ours = policy_name(ticket.id)
    return tuple(name for name in left_in(has)[kind] if name != ours) or None


def _left_behind(ticket: Ticket, reading: UserReading) -> tuple[str, ...]:
    """Return the virtual MFA devices that were the user's and now belong to nobody. They would block an enrolment."""
    known = ticket.snapshot.virtual_mfa if ticket.snapshot is not None else ()
    return tuple(serial for serial in known if serial in (reading.unassigned_mfa or ()))


def following(ticket: Ticket, kinds: tuple[EffectKind, ...], reading: UserReading) -> Iterator[Effect]:
    """Yield the effects of these kinds that find something to do, in order."""
    for kind in kinds:
        targets = still_to_do(ticket, kind, reading)
        if targets is not None:
            yield effect(ticket, kind, targets)


def is_deleting(ticket: Ticket) -> bool:
    """Return whether the deletion has begun, from which there is no way back."""
    return State.DELETING in {ticket.state, ticket.came_from}


def heading_for(ticket: Ticket, policy: Policy) -> EffectKind | None:  # noqa: ARG001 - the workflow's signature
    """Return the next effect on the ticket's way, as far as the snapshot tells."""
    if ticket.ended or ticket.state is State.EXEMPT:
        return None
    if is_deleting(ticket):
        return EffectKind.DELETE_USER
    if ticket.wanted is not None:
        return EffectKind.LIFT_QUARANTINE
    if not ticket.key_was_deactivated:
        return EffectKind.ATTACH_QUARANTINE
    kinds = QUARANTINING[1:3] if ticket.state is State.QUARANTINED else DELETING
    known = left_in(ticket.snapshot) if ticket.snapshot is not None else {}
    return next((kind for kind in kinds if known.get(kind)), EffectKind.DELETE_QUARANTINE)


def policies_of(ticket: Ticket, policy: Policy) -> tuple[str, ...]:  # noqa: ARG001 - the workflow's signature
    """Return the names of the user's inline policies that every reading for this ticket must ask for."""
    return () if ticket.ended else (policy_name(ticket.id),)


def parts_of(ticket: Ticket) -> frozenset[Part]:
    """Return what must be read once the deletion has begun: the list of devices that belong to nobody is the account's."""
    virtual = ticket.snapshot is not None and ticket.snapshot.virtual_mfa
    return frozenset({Part.UNASSIGNED_MFA}) if is_deleting(ticket) and virtual else frozenset()
