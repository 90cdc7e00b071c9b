"""Whether the organisation tells its accounts, where the settings depend on it."""

from collections.abc import Iterator

from iamflow.doctor import host, settings
from iamflow.doctor.result import Check, Patient, Result, ok
from iamflow.engine.accounts import REMEDY

NAME = "organisation"


def organisation(patient: Patient) -> Iterator[Result]:
    """Tell how many accounts the settings choose, where that is for the organisation to say."""
    scope = patient.app.settings.policy().scope
    scans_all = patient.app.settings.scan.every is not None and scope.include is None
    if not scope.patterns and not scans_all:
        return
    listed = patient.app.cloud.organisation_accounts(scope.units, tags=scope.by_tags)
    chosen = sum(account.active and scope.chooses(account) for account in listed)
    yield ok(NAME, f"it has {len(listed)} accounts; the settings choose {chosen} of those in use")


CHECKS = (Check(name=NAME, run=organisation, remedy=REMEDY, needs=(settings.NAME, host.IDENTITY)),)
