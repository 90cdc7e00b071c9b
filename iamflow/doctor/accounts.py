"""Whether every account lets iamflow in, and shows it CloudTrail in every region."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from iamflow.doctor import database, host, journal, organisation, settings
from iamflow.doctor.result import Check, Patient, Result, Status, failed, not_examined, ok
from iamflow.domain.errors import IamflowError
from iamflow.domain.evidence import Attribute, TrailQuery
from iamflow.domain.facts import RegionSet
from iamflow.domain.ids import AccountId, Region

NAME = "accounts"
_AT_ONCE = 8
_REGIONS_AT_ONCE = 16
_ASKED = timedelta(minutes=1)
_ACCESS = (
    "make iamflow's role there: iamflow policy show prints what it must allow, and the sentence here whom it must trust "
    "(docs/how-to/roles.md); or name an AWS profile of that account under aws.profiles"
)


def accounts(patient: Patient) -> Iterator[Result]:
    """Look at each account that iamflow has to do with, several at once."""
    known = journal.KEY not in patient.failed and database.NAME not in patient.failed
    if not known:
        yield not_examined("accounts with tickets", database.NAME if database.NAME in patient.failed else journal.KEY)
    found = _accounts(patient, with_tickets=known)
    if not found and known:
        yield ok(NAME, "none is known yet: no open tickets, no accounts.contacts, none named in accounts.enforce")
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        for results in pool.map(lambda account: _account(patient, account), found):
            yield from results


def _accounts(patient: Patient, *, with_tickets: bool) -> Sequence[AccountId]:
    scope = patient.app.settings.policy().scope
    if scope.patterns and not patient.failed & {organisation.NAME, host.IDENTITY}:
        scope = patient.app.policy_by_ids.scope
    named = set(patient.app.settings.accounts.contacts) | (scope.enforce or set())
    tickets = set(patient.app.store.accounts()) if with_tickets else set()
    # A ticket in an account that was left out since must still be brought to its end.
    return sorted({account for account in named if scope.selected(account)} | tickets)


def _account(patient: Patient, account: AccountId) -> Sequence[Result]:
    name, trail = f"account {account}", f"cloudtrail {account}"
    if host.IDENTITY in patient.failed and account not in patient.app.settings.aws.profiles:
        return [not_examined(name, host.IDENTITY), not_examined(trail, host.IDENTITY)]
    try:
        arn = patient.app.aws.account_arn(account)
        users = patient.app.aws.user_count(account)
    except IamflowError as error:
        return [failed(name, str(error), _ACCESS), not_examined(trail, name)]
    reached = ok(name, f"reached as {arn}; {users} IAM users")
    where = patient.app.settings.aws.trail.s3
    if where is not None:
        return [reached, _delivered(patient, account, where.bucket)]
    try:
        regions = patient.app.aws.regions(account)
    except IamflowError as error:
        remedy = "allow ec2:DescribeRegions (iamflow policy show), or list the regions under aws.regions"
        return [reached, failed(trail, str(error), remedy)]
    return [reached, *_trail(patient, account, regions)]


def _trail(patient: Patient, account: AccountId, regions: RegionSet) -> Sequence[Result]:
    """Look CloudTrail up in every region, for one minute, and tell of each region that cannot be read."""
    name = f"cloudtrail {account}"
    with ThreadPoolExecutor(max_workers=_REGIONS_AT_ONCE) as pool:
        found = list(pool.map(lambda region: _region(patient, account, region), regions.readable))
    unreadable = [result for result in found if result.status is not Status.OK]
    if unreadable:
        return unreadable
    excused = ", ".join(region for region, _ in regions.excused)
    return [ok(name, f"readable in {len(found)} regions" + (f"; excused: {excused}" if excused else ""))]


def _delivered(patient: Patient, account: AccountId, bucket: str) -> Result:
    """Look for what the trail delivered last of the account's IAM, and read that."""
    name = f"cloudtrail {account}"
    remedy = (
        f"allow s3:ListBucket, s3:GetObject and kms:Decrypt on {bucket} to whoever reads it (iamflow policy show), and "
        f"correct aws.trail.s3 (docs/how-to/cloudtrail-s3.md)"
    )
    try:
        at = patient.app.aws.last_delivery(account)
    except IamflowError as error:
        return failed(name, str(error), remedy)
    if at is None:
        remedy = (
            "check prefix and organization under aws.trail.s3, and that the trail covers this account, all regions and global "
            "services, with management events that read and write"
        )
        return failed(name, f"the bucket {bucket} holds nothing of the account's IAM of today or yesterday", remedy)
    return ok(name, f"the bucket {bucket} can be read; last delivered at {at:%Y-%m-%d %H:%M} UTC")


def _region(patient: Patient, account: AccountId, region: Region) -> Result:
    name = f"cloudtrail {account}"
    now = patient.now
    query = TrailQuery(attribute=Attribute.USERNAME, value="iamflow", start=now - _ASKED, end=now)
    try:
        patient.app.aws.look_up(account, region, query)
    except IamflowError as error:
        remedy = (
            f"allow cloudtrail:LookupEvents in {region} (the role's policy and service control policies), or excuse the "
            f"region with the reason: aws.regions_excused: {{{region}: why it cannot matter}}"
        )
        return failed(name, str(error), remedy)
    return ok(name, f"readable in {region}")


CHECKS = (Check(name=NAME, run=accounts, remedy=_ACCESS, needs=(settings.NAME,)),)
