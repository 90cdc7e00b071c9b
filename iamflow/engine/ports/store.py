"""The store as one adapter offers it."""

from typing import Protocol

from iamflow.engine.ports.control import ControlStore, ExemptionStore
from iamflow.engine.ports.findings import IntakeStore, LeadStore
from iamflow.engine.ports.queries import JournalStore, QueryStore, RetentionStore
from iamflow.engine.ports.telling import HubStore, OutboxStore
from iamflow.engine.ports.work import PaceStore, TicketStore


class Store(
    TicketStore,
    PaceStore,
    ControlStore,
    ExemptionStore,
    OutboxStore,
    IntakeStore,
    LeadStore,
    QueryStore,
    JournalStore,
    RetentionStore,
    HubStore,
    Protocol,
):
    """All of it, as one adapter offers it. Use cases ask for the narrow part that they need."""

    def close(self) -> None:
        """Close every connection."""
        ...
