"""No deactivation before a notice was accepted; reminders survive missed runs; an owner who was not reached is not told."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from iamflow.domain.errors import PermanentError, TemporaryError
from iamflow.domain.notice import Notice, NoticeKind
from iamflow.domain.states import State
from iamflow.engine import steer
from tests.engine.situations import notified
from tests.world import ALICE, DAY, HOUR, KEY, World

NO_OWNER = "accounts: {enforce: all}"
NOBODY = "accounts: {enforce: all}\nnotify: {channels: [file], sender: iamflow@example.com}"


@dataclass
class Mailbox:
    """A channel that does as the test says, and keeps what it took."""

    name: str = "file"
    refuses: Exception | None = None
    taken: list[tuple[Notice, datetime | None]] = field(default_factory=list)

    def send(self, notice: Notice, promised_at: datetime | None) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.taken.append((notice, promised_at))

    def kinds(self) -> list[NoticeKind]:
        return [notice.kind for notice, _ in self.taken]


@pytest.fixture
def mailbox(world: World) -> Mailbox:
    made = Mailbox()
    world.app.__dict__["channels"] = {"file": made}
    return made


def test_a_notice_that_is_refused_for_good_blocks_until_somebody_has_mended_it(world: World, mailbox: Mailbox) -> None:
    mailbox.refuses = PermanentError("550 no such mailbox")
    world.user()
    world.take_in(world.key())
    ticket = world.pass_until(State.BLOCKED)
    assert ticket.blocked_code == "notice_failed"
    assert "550 no such mailbox" in (ticket.blocked_reason or "")
    world.pass_days(30)
    assert world.changes() == []
    mailbox.refuses = None
    now = world.clock.now()
    steer.retry(world.desk(), KEY)
    world.tick()
    ticket = world.ticket()
    assert ticket.state is State.NOTIFIED
    assert ticket.deadline is not None
    assert ticket.deadline >= now + 7 * DAY


def test_a_mail_server_that_is_away_delays_the_grace_period_and_not_the_date(world: World, mailbox: Mailbox) -> None:
    mailbox.refuses = TemporaryError("connection refused")
    world.user()
    world.take_in(world.key())
    world.pass_days(2 * HOUR / DAY)
    assert world.ticket().state is State.OPEN
    mailbox.refuses = None
    accepted = world.clock.now()
    ticket = world.pass_until(State.NOTIFIED, days=1)
    assert ticket.deadline is not None
    assert ticket.deadline >= accepted + 7 * DAY
    assert mailbox.taken[0][1] == ticket.progress.promised_at


@pytest.mark.parametrize("world", [NO_OWNER], indirect=True)
def test_a_notice_that_reached_only_the_team_needs_an_approval(world: World) -> None:
    notified(world)
    assert not world.ticket().progress.told_owner
    ticket = world.pass_until(State.AWAITING_APPROVAL)
    assert any("default address" in reason for reason in ticket.progress.waiting_for)
    world.pass_days(20)
    assert world.changes() == []
    steer.approve(world.desk(ALICE), KEY)
    world.tick()
    assert world.status() == "Inactive"


@pytest.mark.parametrize("world", [NOBODY], indirect=True)
def test_a_key_without_anybody_to_tell_is_set_aside(world: World) -> None:
    world.user()
    world.take_in(world.key())
    ticket = world.pass_until(State.BLOCKED)
    assert ticket.blocked_code == "no_owner"
    assert "owners.default" in (ticket.blocked_reason or "")


@pytest.mark.parametrize(
    ("back_after", "reminders"),
    [(timedelta(days=1), 2), (timedelta(days=4), 2), (timedelta(days=6, hours=12), 1), (timedelta(days=8), 0)],
)
def test_missed_runs_lose_no_reminder_and_double_none(
    world: World, mailbox: Mailbox, back_after: timedelta, reminders: int
) -> None:
    ticket = notified(world)
    assert ticket.progress.promised_at is not None
    world.clock.advance(back_after)
    world.pass_until(State.DEACTIVATED)
    assert mailbox.kinds().count(NoticeKind.REMINDER) == reminders
    assert mailbox.kinds().count(NoticeKind.KEY_DEACTIVATION) == 1
    assert {promised for notice, promised in mailbox.taken if notice.kind is NoticeKind.REMINDER} <= {
        ticket.progress.promised_at
    }
    assert world.changes()[0].at >= ticket.progress.promised_at
