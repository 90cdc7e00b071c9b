"""May a role be made in a key's place, be unmade, and has it taken that place? Nothing foreign is overwritten."""

from datetime import datetime

from iamflow.domain.blueprint import Standing, Step, missing
from iamflow.domain.effect import EffectKind
from iamflow.domain.guards.approval import approved
from iamflow.domain.guards.circumstances import Circumstances, Refusal, Remedy
from iamflow.domain.migration import idle_since

_DONE = frozenset({Standing.OURS, Standing.SHARED})


def step_is_planned(c: Circumstances) -> Refusal | None:
    """Refuse to make, change or unmake anything that is not exactly a step of the ticket's own plan."""
    if not _about_blueprint(c) or _step(c) is not None:
        return None
    return _block("not_planned", "the effect is no step of the plan that is on the ticket")


def nothing_foreign_is_touched(c: Circumstances) -> Refusal | None:
    """Refuse to make what is there already, and to unmake what iamflow did not make or somebody has changed since."""
    step = _step(c)
    if step is None:
        return None
    if c.reading.standings is None or step.id not in c.reading.standings:
        return _wait("step_unread", f"how {step.target} stands has not been read")
    standing = c.reading.standings[step.id]
    if standing is Standing.FOREIGN:
        return _block(
            "foreign",
            f"{step.target} is not as iamflow found or made it: somebody else's is neither overwritten nor removed",
        )
    expected = Standing.ABSENT if c.effect.kind.provisions else Standing.OURS
    if standing is not expected:
        return _wait(
            "step_unexpected", f"{step.target} is {'there' if expected is Standing.ABSENT else 'not there'} by now"
        )
    return None


def steps_are_in_order(c: Circumstances) -> Refusal | None:
    """Refuse a step while one before it is not done: nothing is let take a role that is not allowed yet what it needs."""
    step = _step(c)
    if step is None or not c.effect.kind.provisions or c.reading.standings is None:
        return None
    steps = (
        c.ticket.migration.blueprint.steps if c.ticket.migration is not None and c.ticket.migration.blueprint else ()
    )
    undone = [one for one in steps[: steps.index(step)] if c.reading.standings.get(one.id) not in _DONE]
    return _wait("earlier_step_missing", f"{undone[0].target} comes first, and is not there") if undone else None


def maintenance_window_has_begun(c: Circumstances) -> Refusal | None:
    """Refuse to make or change anything before the date that a person has set for it."""
    not_before = c.ticket.migration.not_before if c.ticket.migration is not None else None
    if not c.effect.kind.provisions or not_before is None or c.now >= not_before:
        return None
    return Refusal(
        code="not_before",
        sentence=f"nothing is made before {not_before:%Y-%m-%d %H:%M} UTC, as was asked for",
        remedy=Remedy.WAIT,
        until=not_before,
    )


def role_is_there(c: Circumstances) -> Refusal | None:
    """Refuse to take the key's access, and to delete it, while the role is not there as planned with all that belongs to it."""
    if c.effect.kind not in {EffectKind.DEACTIVATE_KEY, EffectKind.DELETE_KEY} or c.ticket.migration is None:
        return None
    blueprint = c.ticket.migration.blueprint
    if blueprint is None or c.reading.standings is None or c.ticket.migration.provisioned_at is None:
        return _wait("role_unread", "whether the role is there has not been read")
    gone = missing(blueprint, c.reading.standings)
    if not gone:
        return None
    return _block(
        "role_missing", f"{gone[0].target} is not as planned any more: without the key the application would fail"
    )


def role_took_over(c: Circumstances) -> Refusal | None:
    """Refuse to take the key's access before the role was used and the key idle, or the owner has said that it is not needed.

    A use of the key after that word contradicts it.
    """
    migration, idle = c.ticket.migration, c.policy.of(c.ticket.workflow).idle
    if c.effect.kind is not EffectKind.DEACTIVATE_KEY or migration is None or idle is None:
        return None
    used = _latest_use(c)
    if migration.migrated is not None:
        return _contradicted(c, migration.migrated.at, used)
    if migration.role_used_at is None and c.reading.role_used_at is None:
        return _wait("role_unused", "the role has not been used yet, and nobody has said that everything uses it")
    until = (idle_since(migration, used) or c.now) + idle
    if c.now < until:
        return Refusal(
            code="key_not_idle",
            sentence=f"the key has not been idle for long enough: until {until:%Y-%m-%d %H:%M} UTC at least",
            remedy=Remedy.WAIT,
            until=until,
        )
    return None


def _contradicted(c: Circumstances, said_at: datetime, used: datetime | None) -> Refusal | None:
    if used is None or used <= said_at or approved(c):
        return None
    return Refusal(
        code="used_since_word",
        sentence=f"the key was used on {used:%Y-%m-%d %H:%M} UTC, after it was said that nothing uses it any more",
        remedy=Remedy.APPROVE,
    )


def _about_blueprint(c: Circumstances) -> bool:
    return c.effect.kind.provisions or c.effect.kind.unprovisions


def _step(c: Circumstances) -> Step | None:
    """Return the planned step that the effect makes or unmakes; None for any other effect."""
    if not _about_blueprint(c) or c.ticket.migration is None or c.ticket.migration.blueprint is None:
        return None
    return c.ticket.migration.blueprint.step_of(c.effect)


def _latest_use(c: Circumstances) -> datetime | None:
    used = c.reading.last_use.at if c.reading.last_use is not None else None
    seen = c.ticket.baseline.last_event_at if c.ticket.baseline is not None else None
    return max((at for at in (used, seen) if at is not None), default=None)


def _wait(code: str, sentence: str) -> Refusal:
    return Refusal(code=code, sentence=sentence, remedy=Remedy.WAIT)


def _block(code: str, sentence: str) -> Refusal:
    return Refusal(code=code, sentence=sentence, remedy=Remedy.BLOCK)
