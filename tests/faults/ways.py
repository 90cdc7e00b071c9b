"""How a ticket is brought right before each of the three steps, and where it ends when all goes well."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum

from iamflow.domain.states import State
from iamflow.engine import steer
from tests.world import KEY, World


class Step(Enum):
    """A step that changes AWS."""

    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    DELETE = "delete"

    @property
    def operation(self) -> str:
        """The call that the step makes."""
        return "DeleteAccessKey" if self is Step.DELETE else "UpdateAccessKey"

    @property
    def end(self) -> State:
        """Where the ticket ends."""
        return State.ROLLED_BACK if self is Step.REACTIVATE else State.DELETED

    @property
    def changes(self) -> list[str]:
        """Everything that is done to the key by then."""
        last = "UpdateAccessKey Active" if self is Step.REACTIVATE else "DeleteAccessKey"
        return ["UpdateAccessKey Inactive", last]


def bring_to(world: World, step: Step) -> None:
    """Bring a ticket to the moment at which the next look takes this step."""
    world.user()
    world.take_in(world.key())
    _BEFORE[step](world)


def finish(world: World, step: Step) -> None:
    """Let an engine go on until the ticket ends, and check how it ended."""
    ticket = world.pass_until(step.end)
    assert world.calls_made() == step.changes
    assert world.status() == ("Active" if step is Step.REACTIVATE else None)
    assert ticket.closed_at is not None
    check_waits(world)


def check_waits(world: World) -> None:
    """Check by AWS's own record that no wait was shortened."""
    ticket = world.ticket()
    progress = ticket.progress
    made = {
        f"{change.operation} {change.parameters.get('status', '')}".strip(): change.at for change in world.changes()
    }
    rules = world.engine.policy.disable_key
    inactive = made["UpdateAccessKey Inactive"]
    assert progress.promised_at is not None
    assert inactive >= progress.promised_at
    assert progress.deactivated_at is not None
    assert progress.deactivated_at >= inactive.replace(microsecond=0)
    if "DeleteAccessKey" in made:
        assert made["DeleteAccessKey"] >= progress.deactivated_at + rules.monitor + rules.delivery_lag
        assert progress.final_sweep is not None
        assert progress.final_sweep.start <= progress.deactivated_at
        assert progress.final_sweep.end >= progress.deactivated_at + rules.monitor


def _to_deadline(world: World) -> None:
    ticket = world.pass_until(State.NOTIFIED)
    _set(world, ticket.deadline)


def _to_rollback(world: World) -> None:
    world.pass_until(State.MONITORING)
    steer.rollback(world.desk(), KEY, text="the payroll stopped")


def _to_sweep(world: World) -> None:
    ticket = world.pass_until(State.MONITORING)
    ends = ticket.progress.window_ends_at
    assert ends is not None
    _set(world, ends + world.engine.policy.disable_key.delivery_lag)


def _set(world: World, to: datetime | None) -> None:
    assert to is not None
    world.clock.set(max(to, world.clock.now()))


_BEFORE: dict[Step, Callable[[World], None]] = {
    Step.DEACTIVATE: _to_deadline,
    Step.REACTIVATE: _to_rollback,
    Step.DELETE: _to_sweep,
}
