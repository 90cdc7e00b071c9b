"""Where tests of ``delete-user`` begin: a user whom nobody uses and who has everything, with a ticket about it."""

from typing import Any

from iamflow.domain.belongings import Belongings
from iamflow.domain.facts import UserFacts
from iamflow.domain.ids import KeyId, TicketId, UserName
from iamflow.domain.people import RULES
from iamflow.domain.states import State
from iamflow.domain.subject import Part, UserSubject
from iamflow.domain.ticket import NewTicket, Ticket
from iamflow.engine import steer
from iamflow.sandbox.belongings import Counts
from tests.world import ACCOUNT, ALICE, DAY, START, World

NAME = UserName("leaver")
FIRST, SECOND = KeyId("AKIALEAVERFIRST00001"), KeyId("AKIALEAVERSECOND0002")
OLD = START - 800 * DAY
CONFIRMED = "confirmed by HR, case 4711"


def a_leaver(world: World, counts: Counts | None = None, **more: Any) -> TicketId:
    """Make a user who left long ago and has everything that a user can have, and open a ticket about it."""
    world.sandbox.seed.user(
        ACCOUNT, NAME, created=OLD, path="/staff/", tags={"Team": "data", "Manager": "boss"}, **more
    )
    world.sandbox.seed.everything(ACCOUNT, NAME, counts)
    for key, status in ((FIRST, "Active"), (SECOND, "Inactive")):
        world.sandbox.seed.key(
            ACCOUNT,
            NAME,
            key,
            status=status,
            created=OLD,
            last_used=START - 400 * DAY,
            service="s3",
            region="us-east-1",
        )
    return open_ticket(world)


def open_ticket(world: World, name: UserName = NAME) -> TicketId:
    """Open a ticket about a user, as the rules do."""
    facts = UserFacts(
        console=True, mfa=True, password_last_used=None, key_last_used=START - 400 * DAY, created_at=OLD,
        as_of=START, source="iam-audit:test.csv",
    )  # fmt: skip
    new = NewTicket(
        workflow="delete-user", workflow_version=1, account_id=ACCOUNT, account_name="payments", username=name,
        requester=RULES, facts=facts, opened_at=START, due_at=START,
    )  # fmt: skip
    (ticket,) = world.app.store.open_new([new], "test")
    return ticket.id


def belongings(world: World, name: UserName = NAME) -> Belongings | None:
    """Return everything that AWS says the user has, with every document; None where there is no such user."""
    subject = UserSubject(account_id=ACCOUNT, username=name, parts=frozenset({Part.BELONGINGS, Part.BODIES}))
    return world.engine.cloud.read(subject).belongings


def approved(world: World, ticket: TicketId) -> Ticket:
    """Let the grace period pass, and approve what is to come."""
    world.pass_until(State.AWAITING_APPROVAL, str(ticket))
    steer.approve(world.desk(ALICE), str(ticket), comment=CONFIRMED)
    return world.ticket(str(ticket))


def quarantined(world: World, counts: Counts | None = None) -> TicketId:
    """A user on whom the whole quarantine is on, and who is watched."""
    ticket = a_leaver(world, counts)
    approved(world, ticket)
    world.pass_until(State.MONITORING, str(ticket))
    return ticket


def iam(world: World) -> Any:
    """Return a boto3 client of IAM in the account, as the people of the organisation use it beside iamflow."""
    return world.sandbox.owner._iam(ACCOUNT)
