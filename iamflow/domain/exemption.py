"""Standing exemptions: who is left alone until a date, whatever reports find, with who decided so and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from iamflow.domain.ids import AccountId, ExemptionId, KeyId
from iamflow.domain.overrides import account_fits, tag_fits
from iamflow.domain.people import Identity
from iamflow.domain.ticket import Ticket

LONGEST = timedelta(days=366)
"""For how long an exemption may hold: whoever still wants it in a year says so again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Covered:
    """Whom an exemption covers. Whatever is said must fit; what is not said fits everybody."""

    account: str | None = None
    """A shell pattern of the account's id or name, in any case."""
    username: str | None = None
    key_id: KeyId | None = None
    tag: tuple[str, str] | None = None
    """(name, shell pattern of the value), in any case: known only once AWS was read."""
    workflow: str | None = None

    @property
    def names_somebody(self) -> bool:
        """Whether it is about less than everything: a pattern that fits every account is no choice."""
        some = self.account is not None and self.account.strip("*?") != ""
        return some or self.username is not None or self.key_id is not None or self.tag is not None

    @property
    def in_words(self) -> str:
        """Whom it covers, in words."""
        parts = [
            f"key {self.key_id}" if self.key_id is not None else None,
            f"user {self.username}" if self.username is not None else None,
            f"account {self.account}" if self.account is not None else None,
            f"users tagged {self.tag[0]}={self.tag[1]}" if self.tag is not None else None,
            f"{self.workflow} only" if self.workflow is not None else None,
        ]
        return ", ".join(part for part in parts if part is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What is asked about: the subject of a finding or of a ticket."""

    account_id: AccountId
    account_name: str
    username: str
    key_id: KeyId | None
    workflow: str | None

    @classmethod
    def of(cls, ticket: Ticket) -> "Subject":
        """Return what a ticket is about."""
        return cls(
            account_id=ticket.account_id,
            account_name=ticket.account_name,
            username=ticket.username,
            key_id=ticket.access_key_id,
            workflow=ticket.workflow,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class NewExemption:
    """An exemption that somebody grants. Times aware UTC."""

    covers: Covered
    until: datetime
    reason: str
    by: Identity
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Exemption:
    """An exemption as it stands. Times aware UTC."""

    id: ExemptionId
    covers: Covered
    until: datetime
    reason: str
    by: Identity
    at: datetime
    ended_at: datetime | None = None
    ended_by: Identity | None = field(default=None)

    def runs(self, now: datetime) -> bool:
        """Return whether it counts now."""
        return self.ended_at is None and now < self.until

    def fits(self, subject: Subject, tags: Mapping[str, str] | None) -> bool:
        """Return whether it covers a subject. ``tags`` None means that they are not known: one by tag then covers nobody."""
        wants = self.covers
        return (
            (wants.account is None or account_fits((wants.account,), subject.account_id, subject.account_name))
            and wants.username in {None, subject.username}
            and wants.key_id in {None, subject.key_id}
            and wants.workflow in {None, subject.workflow}
            and (wants.tag is None or (tags is not None and tag_fits(tags, *wants.tag)))
        )


def covering(
    exemptions: Iterable[Exemption], subject: Subject, tags: Mapping[str, str] | None, now: datetime
) -> Exemption | None:
    """Return the running exemption that covers a subject for longest, or None."""
    fitting = [one for one in exemptions if one.runs(now) and one.fits(subject, tags)]
    return max(fitting, key=lambda one: (one.until, one.id), default=None)
