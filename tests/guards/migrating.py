"""Circumstances in which every step of ``migrate-to-role``, and its undoing, is allowed, and its way of deactivating and deleting."""

from collections.abc import Mapping
from dataclasses import replace

from iamflow.domain.blueprint import UNDOING, Blueprint, Scenario, Standing, Step, effect_for
from iamflow.domain.effect import EffectKind
from iamflow.domain.facts import LastUse
from iamflow.domain.guards import Circumstances
from iamflow.domain.migration import Choice, Migration
from iamflow.domain.plan import digest_of
from iamflow.domain.states import State
from iamflow.domain.ticket import Approval
from iamflow.workflows.migrate_to_role import WORKFLOW

from .circumstances import ACCOUNT, ALICE, DAY, HOUR, KEY, NOW, USER
from .circumstances import allowed as allowed_for_a_key

KINDS = tuple(kind for kind in WORKFLOW.effects if kind.provisions or kind.unprovisions)
"""The effects that no other workflow has."""

STEPS = tuple(Step(kind=kind, target=f"{kind.value}-target", document="{}") for kind in UNDOING)
"""One step of each kind: no blueprint has them all, and the guards do not care."""
BLUEPRINT = Blueprint(
    ticket_id=allowed_for_a_key(EffectKind.DEACTIVATE_KEY).ticket.id,
    scenario=Scenario.EC2,
    role="iamflow-deploy-7",
    role_arn=f"arn:aws:iam::{ACCOUNT}:role/iamflow-deploy-7",
    steps=STEPS,
)
PLANNED = Migration(blueprint=BLUEPRINT, choice=Choice(scenario=Scenario.EC2), begun_at=NOW)
MADE = replace(
    PLANNED,
    begun_at=NOW - 4 * DAY,
    provisioned_at=NOW - 4 * DAY,
    role_used_at=NOW - 3 * DAY,
    done=tuple(s.id for s in STEPS),
)


def allowed(kind: EffectKind) -> Circumstances:
    """Return circumstances in which no guard has anything against this effect."""
    if kind in {EffectKind.DEACTIVATE_KEY, EffectKind.DELETE_KEY}:
        return _of_key(kind)
    c = allowed_for_a_key(EffectKind.DEACTIVATE_KEY)
    undo = kind.unprovisions
    step = next(step for step in STEPS if kind in {step.kind, UNDOING[step.kind]})
    position = STEPS.index(step)
    done = {one.id: Standing.OURS if index < position + undo else Standing.ABSENT for index, one in enumerate(STEPS)}
    ticket = replace(c.ticket, workflow="migrate-to-role", state=State.AWAITING_APPROVAL, migration=PLANNED)
    reading = replace(c.reading, standings=done, uses={KEY: LastUse(at=NOW - HOUR)})
    effect = effect_for(step, (ACCOUNT, USER, KEY), undo=undo)
    follows = WORKFLOW.follows.get(kind, frozenset())
    return approve(replace(c, effect=effect, ticket=ticket, reading=reading, follows=follows))


def _of_key(kind: EffectKind) -> Circumstances:
    """Return circumstances in which the key may go: the role is whole, has been in use, and the key idle, for days."""
    c = allowed_for_a_key(kind)
    state = State.AWAITING_CUTOVER if kind is EffectKind.DEACTIVATE_KEY else State.MONITORING
    ticket = replace(c.ticket, workflow="migrate-to-role", state=state, migration=MADE)
    reading = replace(c.reading, standings={step.id: Standing.OURS for step in STEPS})
    return replace(c, ticket=ticket, reading=reading, follows=WORKFLOW.follows[kind])


def migration(c: Circumstances, **changes: object) -> Circumstances:
    """Return the circumstances with something changed about the migration."""
    assert c.ticket.migration is not None
    changed = replace(c.ticket.migration, **changes)  # type: ignore[arg-type]  # names are the caller's
    return replace(c, ticket=replace(c.ticket, migration=changed))


def standing(c: Circumstances, changes: Mapping[str, Standing | None]) -> Circumstances:
    """Return the circumstances with other standings of steps; None for one that was not read."""
    read = {**(c.reading.standings or {}), **changes}
    left = {step: found for step, found in read.items() if found is not None}
    return replace(c, reading=replace(c.reading, standings=left))


def own(c: Circumstances) -> str:
    """Return the id of the step that the effect makes or undoes."""
    step = BLUEPRINT.step_of(c.effect)
    assert step is not None
    return step.id


def approve(c: Circumstances) -> Circumstances:
    """Return the circumstances with an approval of what is planned in them."""
    digest = digest_of(c.ticket, c.reading, c.policy)
    assert digest is not None
    one = Approval(ticket_id=c.ticket.id, by=ALICE, digest=digest, at=NOW - HOUR, expires_at=NOW + DAY)
    return replace(c, approvals=(one,))
