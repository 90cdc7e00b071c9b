"""Word of something that may be a finding, from a report that does not tell enough: AWS is read before a ticket is opened."""

from dataclasses import dataclass
from datetime import datetime

from iamflow.domain.ids import AccountId, KeyId
from iamflow.domain.policy import RuleName


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
