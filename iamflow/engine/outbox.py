"""Sends notices that wait in the outbox, and records what the channels said.

The date in a notice is worked out when it is sent, so that one that went out late still promises the whole grace period.
"""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from iamflow.domain.errors import PermanentError, TemporaryError
from iamflow.domain.ids import AccountId
from iamflow.domain.notice import Notice, NoticeKind
from iamflow.domain.schedule import backoff
from iamflow.engine.deps import Engine
from iamflow.engine.ports import Channel, Letter, Sent

_log = logging.getLogger(__name__)

_BEGINS_SOMETHING = frozenset(
    {NoticeKind.KEY_DEACTIVATION, NoticeKind.MFA_REQUIRED, NoticeKind.REMINDER, NoticeKind.MANAGED}
)
"""Notices that are held back while iamflow only observes; word of what has happened always goes out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """What one round of sending did."""

    accepted: int = 0
    later: int = 0
    failed: int = 0


def deliver(engine: Engine, channels: Mapping[str, Channel]) -> Delivery:
    """Send what is due. Each letter's result is its own; nothing here raises for one of them."""
    letters = engine.store.due_letters(engine.now(), engine.batch)
    results = engine.in_parallel(lambda letter: _send(engine, channels, letter), letters)
    if results:
        engine.store.record_sent(results)
    return Delivery(
        accepted=sum(result.accepted_at is not None for result in results),
        later=sum(result.retry_at is not None for result in results),
        failed=sum(result.accepted_at is None and result.retry_at is None for result in results),
    )


def promised_date(notice: Notice, now: datetime) -> datetime | None:
    """Return the date that a notice sent now promises: never less than the grace period, in whole minutes, rounded up."""
    if notice.grace_seconds is None:
        return notice.not_before
    earliest = now + timedelta(seconds=notice.grace_seconds)
    if notice.grace_seconds < 3600:  # noqa: PLR2004 - an hour; only the sandbox has shorter waits, and means them to the second
        return earliest
    return datetime.fromtimestamp(math.ceil(earliest.timestamp() / 60) * 60, tz=UTC)


def _send(engine: Engine, channels: Mapping[str, Channel], letter: Letter) -> Sent:
    now = engine.now()
    if letter.notice.kind in _BEGINS_SOMETHING and not _acts_for(engine, letter.notice):
        later = now + engine.policy.timing.retry_most
        return Sent(letter=letter, at=now, error="iamflow only observes this account", retry_at=later)
    channel = channels.get(letter.channel)
    if channel is None:
        return Sent(letter=letter, at=now, error=f"no channel {letter.channel!r} is configured any more")
    promised = promised_date(letter.notice, now)
    try:
        channel.send(letter.notice, promised)
    except PermanentError as error:
        return Sent(letter=letter, at=now, error=str(error))
    except TemporaryError as error:
        return _again(engine, letter, str(error))
    except Exception as error:  # noqa: BLE001 - one letter's trouble must not hold up the others
        _log.exception("a notice could not be sent", extra={"ticket": letter.notice.ticket_id})
        return _again(engine, letter, f"unexpected {type(error).__name__}")
    return Sent(letter=letter, at=now, accepted_at=engine.now(), promised_at=promised)


def _again(engine: Engine, letter: Letter, error: str) -> Sent:
    now = engine.now()
    if letter.attempts + 1 >= engine.policy.timing.tries:
        return Sent(letter=letter, at=now, error=f"given up after {letter.attempts + 1} tries: {error}")
    wait = backoff(letter.attempts, engine.policy.timing, engine.rng)
    return Sent(letter=letter, at=now, error=error, retry_at=now + wait)


def _acts_for(engine: Engine, notice: Notice) -> bool:
    return engine.policy.acts_in(AccountId(str(notice.context.get("account_id", ""))))
