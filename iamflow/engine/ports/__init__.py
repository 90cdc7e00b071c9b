"""What the engine needs of the world, as narrow Protocols that the adapters fulfil.

Every method of a store is one transaction, so that no transaction can be open across a call to AWS.
"""

from iamflow.engine.ports.aws import Cloud, CredentialReport, Step, Survey, TrailPage
from iamflow.engine.ports.control import ControlStore, ExemptionStore, Instance
from iamflow.engine.ports.findings import (
    FileReport,
    IntakeStore,
    LeadResult,
    LeadStore,
    Report,
    ReportedKey,
    ScanInfo,
    SeenUser,
)
from iamflow.engine.ports.instruments import CrashPoints
from iamflow.engine.ports.queries import (
    JournalFault,
    JournalStore,
    QueryStore,
    RetentionStore,
    StoredFinding,
    StoredIntent,
    TicketFilter,
)
from iamflow.engine.ports.store import Store
from iamflow.engine.ports.telling import Channel, HubStore, Letter, OutboxStore, SecurityHub, Sent, Untold
from iamflow.engine.ports.work import Applied, Change, PaceStore, Standing, TicketStore, Usage

__all__ = [
    "Applied",
    "Change",
    "Channel",
    "Cloud",
    "ControlStore",
    "CrashPoints",
    "CredentialReport",
    "ExemptionStore",
    "FileReport",
    "HubStore",
    "Instance",
    "IntakeStore",
    "JournalFault",
    "JournalStore",
    "LeadResult",
    "LeadStore",
    "Letter",
    "OutboxStore",
    "PaceStore",
    "QueryStore",
    "Report",
    "ReportedKey",
    "RetentionStore",
    "ScanInfo",
    "SecurityHub",
    "SeenUser",
    "Sent",
    "Standing",
    "Step",
    "Store",
    "StoredFinding",
    "StoredIntent",
    "Survey",
    "TicketFilter",
    "TicketStore",
    "TrailPage",
    "Untold",
    "Usage",
]
