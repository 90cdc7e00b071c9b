"""Puts the users of a report together from the rows about their keys.

The rows of one user stand together in a report, so that one user at a time is enough, however long it is. Where they do not,
a user is judged by each group of rows on its own; AWS is read again before anything follows from that.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from iamflow.domain.facts import UserFacts
from iamflow.domain.ids import AccountId, UserName
from iamflow.domain.rules import ReportedUser
from iamflow.engine.ports import ReportedKey, ScanInfo


@dataclass(kw_only=True, slots=True)
class Users:
    """Takes rows in, and hands out each user once the next one begins."""

    info: ScanInfo
    _key: tuple[AccountId, UserName] | None = None
    _rows: list[ReportedKey] = field(default_factory=list)

    def take(self, rows: Iterable[ReportedKey]) -> list[ReportedUser]:
        """Return the users that are complete with these rows."""
        complete: list[ReportedUser] = []
        for row in rows:
            key = (row.account_id, row.username)
            if key != self._key:
                complete += self.last()
                self._key = key
            self._rows.append(row)
        return complete

    def last(self) -> list[ReportedUser]:
        """Return the user that is still open, if there is one, as complete."""
        rows, self._rows, self._key = self._rows, [], None
        return [_together(rows, self.info)] if rows else []


def _together(rows: list[ReportedKey], info: ScanInfo) -> ReportedUser:
    first = rows[0].finding()
    used = [at for row in rows if (at := row.last_used()) is not None]
    facts = UserFacts(
        console=first.console,
        mfa=rows[0].mfa,
        password_last_used=_latest([row.password_last_used() for row in rows]),
        key_last_used=max(used, default=None),
        created_at=min(row.created_at for row in rows),
        as_of=info.as_of,
        source=info.source,
    )
    return ReportedUser(
        account_id=first.account_id,
        account_name=first.account_name,
        username=first.username,
        facts=replace(facts, console=any(row.console for row in rows)),
        row=first.row,
    )


def _latest(times: Iterable[datetime | None]) -> datetime | None:
    return max((at for at in times if at is not None), default=None)
