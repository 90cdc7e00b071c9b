"""What a simulated AWS looks like from outside."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class SandboxSettings:
    """The fixed properties of one simulated AWS.

    ``regions`` are the enabled ones. ``home_account`` holds the identity that iamflow starts from, and ``role_name``
    is the role that it assumes in each account. ``trail_delay`` is how long an event takes to appear in CloudTrail
    (about five minutes on average in AWS, without a promise). ``lookups_per_second`` is LookupEvents' quota for an
    account and region (two in AWS, not increasable). ``last_used_step`` is how often a key's last use is recorded
    ("at most once in 15 minutes", says IAM's user guide). ``port`` 0 takes a free one.
    ``trail_bucket`` names the bucket to which an organisation trail delivers as well, after the same delay; None for no trail.
    ``control`` answers ``/_sandbox/…`` as well, for steering from another process.
    """

    regions: tuple[str, ...] = ("us-east-1", "eu-west-1", "sa-east-1")
    home_account: str = "123456789012"
    role_name: str = "iamflow"
    external_id: str | None = None
    trail_delay: timedelta = timedelta(minutes=5)
    trail_bucket: str | None = None
    lookups_per_second: int = 2
    last_used_step: timedelta = timedelta(minutes=15)
    port: int = 0
    control: bool = False
