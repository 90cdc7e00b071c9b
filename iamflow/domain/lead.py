"""Word of something that may be a finding, from a report that does not tell enough: AWS is read before a ticket is opened."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from iamflow.domain.ids import AccountId, KeyId
from iamflow.domain.rule_settings import RuleName


@dataclass(frozen=True, kw_only=True, slots=True)
class Lead:
    """A subject that a rule may apply to. A credential report names no key ids, a finding of another tool no dates.

    A ticket is about one exact key id (safety rule 5), and unknown is never unused (rule 4): what is missing is read from AWS.
    """

    account_id: AccountId
    account_name: str
    username: str
    rule: RuleName
    key_id: KeyId | None = None
    """The key, where the report names it."""
    created_at: datetime | None = None
    """When the key was made (UTC), where the report says so: what tells two keys without ids apart."""
    as_of: datetime
    source: str
    row: int = 0

    @property
    def identity(self) -> str:
        """What makes it this lead and no other, as one text: whom it is about, by which rule, and which key."""
        which = self.key_id or (self.created_at.isoformat() if self.created_at is not None else "")
        return f"{self.account_id}/{self.rule.value}/{which}/{self.username}"


class LeadState(StrEnum):
    """Where a lead stands."""

    WAITING = "waiting"
    """AWS has not been read yet, or could not be."""
    CONFIRMED = "confirmed"
    """AWS says so too: the finding went the way of every other."""
    UNFOUNDED = "unfounded"
    """The rule does not hold by what AWS says."""
    REFUSED = "refused"
    """The account or the user is not iamflow's to touch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredLead:
    """A lead as the database has it."""

    id: int
    lead: Lead
    state: LeadState
    reason: str
    """Why it waits, or how it ended."""
    tries: int
    due_at: datetime | None
    """When AWS is read next (UTC); None once it has ended."""
