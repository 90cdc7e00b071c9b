"""Where tests of the engine begin: a ticket that has come as far as a sentence says."""

from iamflow.domain.states import State
from iamflow.domain.ticket import Ticket
from tests.world import DAY, KEY, World


def notified(world: World) -> Ticket:
    """An old, idle key whose owner has been told."""
    world.user()
    world.take_in(world.key())
    return world.pass_until(State.NOTIFIED)


def in_use(world: World) -> Ticket:
    """Let the key of a notified ticket be used two days before its date: its deactivation then waits for an approval."""
    ticket = world.pass_until(State.NOTIFIED)
    assert ticket.deadline is not None
    world.clock.set(ticket.deadline - 2 * DAY)
    assert world.sandbox.use_key(KEY, service="s3", operation="ListBuckets").ok
    ticket = world.pass_until(State.AWAITING_APPROVAL)
    assert not ticket.key_was_deactivated
    return ticket


def awaiting_approval(world: World) -> Ticket:
    """A key in use, whose deactivation waits for an approval."""
    notified(world)
    return in_use(world)
