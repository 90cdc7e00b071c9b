"""Settings that cannot work, found before the first call."""

import re
from collections.abc import Iterator

from iamflow.aws.settings import AwsSettings
from iamflow.domain.errors import ConfigError

_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-\d{1,2}", re.ASCII)
_ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)


def check(settings: AwsSettings) -> None:
    """Raise ``ConfigError`` with the first thing that cannot work."""
    for objection in _objections(settings):
        raise ConfigError(objection)


def _objections(settings: AwsSettings) -> Iterator[str]:
    role = settings.role_name
    if role is not None and role.startswith("arn:") and "{account}" not in role:
        # That one role would be assumed for every account.
        yield f"aws.role_name: {role} names one account: write {{account}} in place of its number, or the name alone"
    if not settings.regions:
        yield "aws.regions: the list is empty: name the regions to read, or write `enabled`"
    named = () if settings.regions == "enabled" else settings.regions
    for region in (*named, *settings.regions_excused):
        if not _REGION.fullmatch(region):
            yield f"aws.regions: {region!r} is not the name of a region, such as eu-west-1: correct it"
    for account_id in settings.profiles:
        if not _ACCOUNT_ID.fullmatch(account_id):
            yield f"aws.profiles: {account_id!r} is not an AWS account id: write its 12 digits in quotes"
    if min(settings.connect_timeout, settings.read_timeout) <= 0:
        yield "aws: a timeout must be longer than 0 seconds: correct it"
