"""What the AWS adapter must be told, as plain values. Importing this imports no boto3."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from iamflow.domain.ids import AccountId, Region


@dataclass(frozen=True, kw_only=True, slots=True)
class TrailBucket:
    """Where a trail delivers the events of the accounts, and how it is read."""

    bucket: str
    region: Region
    """The bucket's own region."""
    prefix: str | None = None
    """What the trail puts before ``AWSLogs/``, without slashes at its ends."""
    organization: str | None = None
    """The organisation's id, which is in the names of what an organisation trail delivers; None for other trails."""
    account_id: AccountId | None = None
    """The account through whose role or profile the bucket is read; None for this host's own credentials."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsSettings:
    """The ``aws`` section of the settings, and what else AWS sessions depend on."""

    role_name: str | None = "iamflow"
    """The role that is assumed in each account: its name (with its path, if any), or an ARN with ``{account}`` in it.

    None uses this host's own credentials as they are; then only their own account can be worked in.
    """
    external_id: str | None = None
    """Sent with every AssumeRole. AWS does not treat it as a secret: it is part of the trust policy that is shown."""
    profiles: Mapping[AccountId, str] = field(default_factory=dict)
    """Accounts that are reached through an AWS profile instead of the role.

    A profile's credentials are used as they are: they can be neither narrowed to one user nor named after a ticket.
    """
    endpoint_url: str | None = None
    """Where the simulated AWS listens. Only with ``sandbox``."""
    regions: Literal["enabled"] | tuple[Region, ...] = "enabled"
    """The regions to read: those enabled in each account, or exactly these."""
    regions_excused: Mapping[Region, str] = field(default_factory=dict)
    """Regions that cannot be read for good, each with the reason."""
    trail_lookups_per_second: float = 1.0
    """LookupEvents calls a second, for each account and region. AWS allows two, shared with every other tool."""
    trail_bucket: TrailBucket | None = None
    """Where events are read; None asks CloudTrail's LookupEvents in each account and region."""
    instance: str = "local"
    """The name of this installation, as it appears in the names of its sessions."""
    sandbox: bool = False
    """Whether a simulated AWS is meant. Without it, every endpoint that is not AWS's own is refused."""
    connect_timeout: float = 5.0
    """Seconds to wait for a connection."""
    read_timeout: float = 20.0
    """Seconds to wait for an answer. Together with the other, well below half a lease."""
