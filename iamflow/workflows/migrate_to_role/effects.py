"""The effects of ``migrate-to-role``: the steps of its plan and their undoing, and those on the ticket's own key."""

from iamflow.domain.blueprint import UNDOING, Blueprint, Step, effect_for
from iamflow.domain.effect import Effect, EffectKind
from iamflow.domain.policy import Policy
from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket
from iamflow.workflows.shared.watch import key_effect

_ON_KEY = (EffectKind.DEACTIVATE_KEY, EffectKind.REACTIVATE_KEY, EffectKind.DELETE_KEY)

ALL = (*UNDOING, *UNDOING.values(), *_ON_KEY)
"""Every effect that ``migrate-to-role`` can have."""

FOLLOWS = {
    **{kind: frozenset({State.AWAITING_APPROVAL}) for kind in UNDOING},
    EffectKind.DEACTIVATE_KEY: frozenset({State.AWAITING_CUTOVER, State.AWAITING_APPROVAL}),
    EffectKind.DELETE_KEY: frozenset({State.MONITORING, State.AWAITING_APPROVAL}),
}


def used(policy: Policy) -> frozenset[EffectKind]:  # noqa: ARG001 - the workflow's signature
    """Return the effects that it has: all of them, whatever the settings."""
    return frozenset(ALL)


def step_effect(ticket: Ticket, step: Step, *, undo: bool = False) -> Effect:
    """Return the effect that makes a step of the ticket's plan, or undoes it."""
    return effect_for(step, (ticket.account_id, ticket.username, ticket.access_key_id), undo=undo)


def effect_of(ticket: Ticket, kind: EffectKind, policy: Policy) -> Effect:  # noqa: ARG001 - the workflow's signature
    """Return the effect of this kind that the ticket may have next."""
    blueprint = blueprint_of(ticket)
    if blueprint is None or kind in _ON_KEY:
        return key_effect(ticket, kind)
    undo = kind.unprovisions
    done = ticket.migration.done if ticket.migration is not None else ()
    steps = [step for step in blueprint.steps if kind in {step.kind, UNDOING[step.kind]}]
    open_steps = [step for step in steps if (step.id in done) is undo] or steps
    return step_effect(ticket, open_steps[-1 if undo else 0], undo=undo)


def heading_for(ticket: Ticket, policy: Policy) -> EffectKind | None:  # noqa: ARG001 - the workflow's signature
    """Return the next effect on the ticket's way; None where a person, or a plan, must come first."""
    migration = ticket.migration
    if ticket.ended or ticket.state is State.EXEMPT or migration is None or migration.blueprint is None:
        return None
    if ticket.key_was_deactivated:
        return EffectKind.REACTIVATE_KEY if ticket.wanted is not None else EffectKind.DELETE_KEY
    if ticket.wanted is not None or migration.undoing is not None:
        kinds = [UNDOING[step.kind] for step in reversed(migration.blueprint.steps) if step.id in migration.done]
        return kinds[0] if kinds else None
    if migration.provisioned_at is not None:
        return EffectKind.DEACTIVATE_KEY
    return next((step.kind for step in migration.blueprint.steps if step.id not in migration.done), None)


def policies_of(ticket: Ticket, policy: Policy) -> tuple[str, ...]:  # noqa: ARG001 - the workflow's signature
    """Return the inline policies of the user that readings must ask for by name: none."""
    return ()


def blueprint_of(ticket: Ticket) -> Blueprint | None:
    """Return the plan, where there is one to be looked at."""
    return ticket.migration.blueprint if ticket.migration is not None and not ticket.ended else None
