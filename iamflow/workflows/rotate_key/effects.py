"""The effects of ``rotate-key``: on the secret store, on the ticket's key, and on other keys of the user by name."""

from dataclasses import replace

from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.policy import Policy
from iamflow.domain.rotation import Rotation, probe_of
from iamflow.domain.sink import Sink
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket

ALL = (
    EffectKind.FREE_SLOT,
    EffectKind.PROVE_SINK,
    EffectKind.ISSUE_KEY,
    EffectKind.WITHDRAW_KEY,
    EffectKind.DEACTIVATE_KEY,
    EffectKind.REACTIVATE_KEY,
    EffectKind.DELETE_KEY,
)
"""Every effect that ``rotate-key`` can have."""

_BEFORE = frozenset({State.NOTIFIED, State.AWAITING_APPROVAL})

FOLLOWS = {
    EffectKind.FREE_SLOT: _BEFORE,
    EffectKind.PROVE_SINK: _BEFORE,
    EffectKind.ISSUE_KEY: _BEFORE,
    EffectKind.DEACTIVATE_KEY: frozenset({State.AWAITING_ADOPTION, State.AWAITING_APPROVAL}),
    EffectKind.DELETE_KEY: frozenset({State.MONITORING, State.AWAITING_APPROVAL}),
}


def used(policy: Policy) -> frozenset[EffectKind]:  # noqa: ARG001 - the workflow's signature
    """Return the effects that it has: all of them, whatever the settings."""
    return frozenset(ALL)


def effect_of(ticket: Ticket, kind: EffectKind, policy: Policy) -> Effect:
    """Return the effect of this kind that the ticket may have."""
    rotation = ticket.progress.rotation or begun(ticket, policy)
    stores = kind in {EffectKind.PROVE_SINK, EffectKind.ISSUE_KEY}
    return Effect(
        kind=kind,
        account_id=ticket.account_id,
        username=ticket.username,
        key_id=ticket.access_key_id,
        targets=_targets(ticket, kind, rotation),
        document=rotation.sink if stores else None,
    )


def begun(ticket: Ticket, policy: Policy) -> Rotation:
    """Return a replacement as it would begin, of a ticket that has none yet and a user of whom nothing has been read."""
    sink = replace(policy.rotate_key.sink.of(ticket.account_id, ticket.username, ticket.key), ticket=ticket.id)
    return Rotation(sink=sink.text, since=ticket.opened_at, known=(ticket.key,))


def _targets(ticket: Ticket, kind: EffectKind, rotation: Rotation) -> tuple[str, ...]:
    match kind:
        case EffectKind.PROVE_SINK:
            return (probe_of(ticket.id, rotation),)
        case EffectKind.ISSUE_KEY:
            return (rotation.place.name,)
        case EffectKind.FREE_SLOT:
            return () if rotation.slot is None else (rotation.slot,)
        case EffectKind.WITHDRAW_KEY:
            return () if rotation.withdrawing is None else (rotation.withdrawing,)
        case _:
            return ()


def heading_for(ticket: Ticket, policy: Policy) -> EffectKind | None:  # noqa: ARG001 - the workflow's signature
    """Return the next effect on the ticket's way."""
    rotation = ticket.progress.rotation
    if ticket.ended or ticket.state is State.EXEMPT:
        return None
    if ticket.key_was_deactivated:
        return EffectKind.REACTIVATE_KEY if ticket.wanted is not None else EffectKind.DELETE_KEY
    if rotation is not None and rotation.withdrawing is not None:
        return EffectKind.WITHDRAW_KEY
    if ticket.wanted is not None:
        return None
    if rotation is None or rotation.new_key is None:
        waits = rotation is not None and rotation.slot is not None
        return EffectKind.FREE_SLOT if waits else EffectKind.ISSUE_KEY
    return EffectKind.DEACTIVATE_KEY


def policies_of(ticket: Ticket, policy: Policy) -> tuple[str, ...]:  # noqa: ARG001 - the workflow's signature
    """Return the inline policies that a reading must ask for: none."""
    return ()


def sink_of(ticket: Ticket) -> Sink | None:
    """Return the place that a reading must look at: that of the secret, from the probe on until it has arrived."""
    rotation = ticket.progress.rotation
    if ticket.ended or rotation is None or rotation.new_key is not None:
        return None
    return rotation.place
