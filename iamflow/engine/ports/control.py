"""The kill switch, the enforced accounts, the exemptions, the daemons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from iamflow.domain.exemption import Exemption, NewExemption
from iamflow.domain.guards import Freeze
from iamflow.domain.ids import AccountId, ExemptionId
from iamflow.domain.people import Identity


class ControlStore(Protocol):
    """The kill switch, the enforced accounts, the daemons."""

    def freeze(self) -> Freeze:
        """Return whether everything is frozen; raises ``TemporaryError`` where that cannot be read."""
        ...

    def set_freeze(self, *, on: bool, reason: str | None, by: str, at: datetime) -> None:
        """Throw or release the kill switch, with a record of who and why."""
        ...

    def note_enforcement(self, accounts: Mapping[AccountId, bool], at: datetime) -> Sequence[AccountId]:
        """Record in which accounts iamflow may act from now on. Return those whose answer changed.

        Where it begins, ``enforced_since`` is set and the account's waiting tickets become due; where it ends, it is cleared.
        """
        ...

    def accounts(self) -> Mapping[AccountId, str]:
        """Return the accounts that have open tickets, with their names."""
        ...

    def beat(self, instance: str, *, host: str, pid: int, at: datetime, stopped: bool = False) -> None:
        """Record that this daemon is alive, or that it has stopped."""
        ...

    def instances(self) -> Sequence["Instance"]:
        """Return the daemons that have ever reported, newest heartbeat first."""
        ...

    def claim_run(self, job: str, slot: str, instance: str, at: datetime) -> bool:
        """Return whether this instance is the one to run the job in this slot (unique)."""
        ...


class ExemptionStore(Protocol):
    """Standing exemptions, each granted and ended on the record."""

    def add_exemption(self, new: NewExemption) -> Exemption:
        """Grant an exemption, with a record in the journal; the open tickets that it names become due."""
        ...

    def end_exemption(self, exemption_id: ExemptionId, *, by: Identity, at: datetime) -> Exemption:
        """End one before its time, with a record; the tickets that it holds become due.

        Raises ``NotFoundError``, and ``RefusedError`` for one that is over.
        """
        ...

    def exemptions(self, *, running_at: datetime | None = None) -> Sequence[Exemption]:
        """Return exemptions by number: those that run at a time (UTC), or all that there ever were."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """A daemon, as it last reported."""

    id: str
    host: str
    pid: int
    started_at: datetime
    beat_at: datetime
    stopped_at: datetime | None = None
