"""The state of one simulated AWS, apart from what moto holds."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from moto.iam.models import IAMBackend, User, iam_backends

from iamflow.domain.clock import Clock
from iamflow.sandbox.faults import Faults
from iamflow.sandbox.identity import KeyTrace, Session
from iamflow.sandbox.org_tree import Organisation
from iamflow.sandbox.settings import SandboxSettings
from iamflow.sandbox.trail import Trail

if TYPE_CHECKING:
    from iamflow.sandbox.deliveries import Deliveries


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutation:
    """A call that changed something, or tried to; the simulator's own record, whatever iamflow believes.

    ``parameters`` are those of the request without secrets; ``error`` is the code of a call that was refused.
    A lost answer (a timeout after the effect) leaves no error: the change happened.
    """

    at: datetime
    account_id: str
    service: str
    operation: str
    parameters: Mapping[str, Any]
    principal_arn: str
    role_name: str | None
    session_name: str | None
    request_id: str
    error: str | None

    @property
    def user_name(self) -> str | None:
        """The user that the call names."""
        return self.parameters.get("userName")

    @property
    def access_key_id(self) -> str | None:
        """The key that the call names."""
        return self.parameters.get("accessKeyId")

    @property
    def target(self) -> str:
        """What the call aims at: the key if it names one, else the user, else the first parameter."""
        return self.access_key_id or self.user_name or str(next(iter(self.parameters.values()), ""))


@dataclass(slots=True)
class Shadow:
    """A user as he was before a change, for readers that see it late; ``user`` is None if he did not exist."""

    user: User | None
    until: datetime


@dataclass(kw_only=True, slots=True)
class ServiceCredential:
    """A service-specific credential of a user, such as CodeCommit's; moto has none. Times are aware UTC."""

    identifier: str
    user_name: str
    service_name: str
    service_user_name: str
    api_key: bool
    status: str
    created: datetime
    expires: datetime | None = None

    def described(self) -> dict[str, object]:
        """Return the credential as IAM lists it, without its secret."""
        shown = {
            "ServiceSpecificCredentialId": self.identifier,
            "UserName": self.user_name,
            "ServiceName": self.service_name,
            "ServiceCredentialAlias" if self.api_key else "ServiceUserName": self.service_user_name,
            "Status": self.status,
            "CreateDate": self.created,
        }
        return {**shown, "ExpirationDate": self.expires} if self.expires else shown


@dataclass(kw_only=True, slots=True)
class Hub:
    """Security Hub of one account in one region. ``findings`` are as GetFindings shows them, by ProductArn and Id."""

    findings: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    """Ids of findings that were sent with an UpdatedAt not later than the stored one, in order: the sender is told nothing."""
    refusals: int = 0
    """How many findings are still to be refused as if by a fault of AWS."""

    def finding(self, finding_id: str) -> dict[str, Any]:
        """Return a finding by its id. Raises ``KeyError``."""
        return next(found for (_, known), found in self.findings.items() if known == finding_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Root:
    """What an account's root user has."""

    mfa: bool = True
    access_keys: bool = False


# What IAM allows by default; the names are those of the account's summary where it has them.
QUOTAS: Mapping[str, int] = {
    "AccessKeysPerUserQuota": 2,
    "AttachedPoliciesPerRoleQuota": 10,
    "AttachedPoliciesPerUserQuota": 10,
    "ClientIdsPerOpenIdConnectProviderQuota": 100,
    "GroupsPerUserQuota": 10,
    "MFADevicesPerUserQuota": 8,
    "PoliciesQuota": 1500,
    "PolicySizeQuota": 6144,
    "SSHPublicKeysPerUserQuota": 5,
    "ServiceSpecificCredentialsPerUserQuota": 2,
    "SigningCertificatesPerUserQuota": 2,
    "UserPolicySizeQuota": 2048,
    "UsersQuota": 5000,
}


@dataclass(kw_only=True, slots=True)
class World:
    """Everything that one sandbox knows. ``lock`` is held for each call as a whole: moto is not thread-safe."""

    clock: Clock
    settings: SandboxSettings
    trail: Trail
    faults: Faults = field(default_factory=Faults)
    lock: threading.RLock = field(default_factory=threading.RLock)
    keys: dict[str, KeyTrace] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    calls: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    mutations: list[Mutation] = field(default_factory=list)
    shadows: dict[tuple[str, str], Shadow] = field(default_factory=dict)
    service_credentials: dict[str, list[ServiceCredential]] = field(default_factory=dict)
    boundaries: dict[str, str] = field(default_factory=dict)
    login_profiles: dict[str, datetime] = field(default_factory=dict)
    roots: dict[str, Root] = field(default_factory=dict)
    quotas: dict[tuple[str, str], int] = field(default_factory=dict)
    new_key_delay: timedelta = timedelta(0)
    reports: dict[str, tuple[datetime, bytes]] = field(default_factory=dict)
    report_takes: timedelta = timedelta(0)
    hubs: dict[tuple[str, str], Hub] = field(default_factory=dict)
    deliveries: "Deliveries | None" = None
    organisation: Organisation = field(init=False)

    def __post_init__(self) -> None:
        """Found the organisation; the home account manages it."""
        self.organisation = Organisation(self.settings.home_account)

    def iam(self, account_id: str) -> IAMBackend:
        """Return moto's IAM of an account."""
        backend: IAMBackend = iam_backends[account_id]["aws"]
        return backend

    def quota(self, account_id: str, name: str) -> int:
        """Return what an account may have of something."""
        return self.quotas.get((account_id, name), QUOTAS[name])

    def refuse_key(self, access_key_id: str) -> None:
        """Note that a key is refused from now on, unless it already was."""
        trace = self.keys.get(access_key_id)
        if trace is not None and trace.refused_since is None:
            trace.refused_since = self.clock.now()
