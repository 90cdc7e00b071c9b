"""The sections of the settings about AWS: how it is reached, and where CloudTrail is read."""

from typing import Annotated

from pydantic import Field, field_validator

from iamflow.config.fields import (
    Account,
    RegionName,
    RegionSet,
    quoted,
)
from iamflow.config.section import Section
from iamflow.config.sections import _BUCKET, _ORGANIZATION, _PREFIX


class TrailBucket(Section):
    """The bucket to which a trail delivers the events of all accounts, and who may read it."""

    bucket: str
    region: RegionName
    prefix: str | None = None
    organization: str | None = None
    account: Account | None = None

    @field_validator("bucket")
    @classmethod
    def _a_bucket(cls, value: str) -> str:
        if _BUCKET.fullmatch(value) is None:
            message = f"{quoted(value)} is not the name of a bucket: no s3://, no ARN, the prefix goes under prefix"
            raise ValueError(message)
        return value

    @field_validator("prefix")
    @classmethod
    def _a_prefix(cls, value: str | None) -> str | None:
        if value is not None and _PREFIX.fullmatch(value) is None:
            message = f"{quoted(value)} cannot be a trail's prefix: give what stands before /AWSLogs/, or null"
            raise ValueError(message)
        return value

    @field_validator("organization")
    @classmethod
    def _an_organization(cls, value: str | None) -> str | None:
        if value is not None and _ORGANIZATION.fullmatch(value) is None:
            message = f"{quoted(value)} is not the id of an organisation, such as o-abcde12345"
            raise ValueError(message)
        return value


class Trail(Section):
    """Where CloudTrail's events are read: by LookupEvents, or from a bucket."""

    s3: TrailBucket | None = None


class Aws(Section):
    """How AWS is reached."""

    role_name: str | None = "iamflow"
    external_id: str | None = None
    profiles: dict[Account, str] = Field(default_factory=dict)
    endpoint_url: str | None = None
    regions: RegionSet = "enabled"
    regions_excused: dict[RegionName, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)
    trail: Trail = Field(default_factory=Trail)
    trail_lookups_per_second: float = Field(default=1, gt=0, allow_inf_nan=False)
