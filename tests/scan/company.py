"""An organisation as scans find it: users of every kind, with what a scan of it must open, worked out apart from iamflow."""

from dataclasses import dataclass, field
from datetime import datetime

from iamflow.sandbox.server import Sandbox
from tests.world import DAY, START

Ticketed = tuple[str, str, str, str | None]
"""Workflow, account, user, key."""

HOUSE = "111122223333"
"""A name with a comma and quotes."""
FORMULA = "222233334444"
"""A name that a spreadsheet would compute."""
CLOSED = ("333344445555", "444455556666", "555566667777")
"""Suspended, closed, and about to be."""
LOCKED = "666677778888"
"""Where iamflow's role trusts somebody else."""


@dataclass
class Person:
    """A user, in days before now."""

    account: str
    name: str
    made: int = 400
    password: bool = False
    signed_in: int | None = None
    mfa: bool = False
    keys: list[tuple[int, int | None, str]] = field(default_factory=list)
    """(age, idle or None, status) of each key."""
    services: int = 0
    path: str = "/"


PEOPLE = [
    Person(HOUSE, "console-only", password=True, signed_in=3),
    Person(HOUSE, "console-mfa", password=True, signed_in=3, mfa=True),
    Person(HOUSE, "console-never", password=True),
    Person(HOUSE, "nobody", made=200),
    Person(HOUSE, "newcomer", made=5),
    Person(HOUSE, "git-only", made=300, services=1),
    Person(HOUSE, "o,brien=x+y@z", made=300, keys=[(300, 2, "Active")], path="/ö/"),
    Person(HOUSE, "=cmd-16", keys=[(200, 150, "Active"), (30, 1, "Active")]),
    Person(HOUSE, "twins", keys=[(120, 3, "Active"), (120, 60, "Active")]),
    Person(HOUSE, "inactive-key", keys=[(300, 200, "Inactive")]),
    Person(HOUSE, "young-key", made=20, keys=[(10, None, "Active")]),
    Person(HOUSE, "break-glass-1", password=True),
    Person(FORMULA, "idle", keys=[(300, 200, "Active")], password=True, signed_in=100),
    Person(FORMULA, "idle-but-git", keys=[(300, 200, "Active")], services=1),
    Person(FORMULA, "never-used-old", keys=[(300, None, "Active")]),
    Person(FORMULA, "both-old", keys=[(300, 1, "Active"), (299, 100, "Active")]),
]
ROOTS = {HOUSE: (True, False), FORMULA: (False, True), LOCKED: (False, False)}
"""Account → MFA, access keys."""


def key_ids(person: Person) -> list[str]:
    """Return the ids that a person's keys have."""
    place = PEOPLE.index(person)
    return [f"AKIASCAN{place:06d}{number:06d}" for number in range(len(person.keys))]


def settle(sandbox: Sandbox) -> None:
    """Lay the organisation out."""
    seed = sandbox.seed
    names = {HOUSE: 'House, "Payments" & Söhne', FORMULA: "=1+1 @home", LOCKED: "locked"}
    names |= dict.fromkeys(CLOSED, "closed")
    for account, name in names.items():
        seed.account(account, name)
    for account, state in zip(CLOSED, ("SUSPENDED", "CLOSED", "PENDING_CLOSURE"), strict=True):
        seed.account_state(account, state)
    seed.role_trust(LOCKED, allowed=False)
    for account, (mfa, keys) in ROOTS.items():
        seed.root(account, mfa=mfa, access_keys=keys)
    for person in PEOPLE:
        _employ(sandbox, person)


def _employ(sandbox: Sandbox, person: Person) -> None:
    seed = sandbox.seed
    seed.user(
        person.account,
        person.name,
        created=ago(person.made),
        password=person.password,
        password_last_used=None if person.signed_in is None else ago(person.signed_in),
        mfa="Virtual" if person.mfa else "None",
        path=person.path,
    )
    for key_id, (age, idle, status) in zip(key_ids(person), person.keys, strict=True):
        used = None if idle is None else ago(idle)
        seed.key(person.account, person.name, key_id, status=status, created=ago(age), last_used=used, service="s3")
    for _ in range(person.services):
        seed.service_credential(person.account, person.name)


def ago(days: float) -> datetime:
    """Return the time so many days before now."""
    return START - days * DAY


def expected() -> set[Ticketed]:
    """Return (workflow, account, user, key) of every ticket that the runbook asks for: its text, not iamflow's code."""
    found: set[Ticketed] = set()
    for person in PEOPLE:
        if person.name.startswith("break-glass"):
            continue
        for key_id, (age, _, status) in zip(key_ids(person), person.keys, strict=True):
            if age > 90 and status == "Active":
                found.add(("disable-key", person.account, person.name, key_id))
        if _unused(person):
            found.add(("delete-user", person.account, person.name, None))
        elif person.password and not person.mfa:
            found.add(("enforce-mfa", person.account, person.name, None))
    for account, (mfa, keys) in ROOTS.items():
        if account != LOCKED and (not mfa or keys):
            found.add(("root-hygiene", account, "<root_account>", None))
    return found


def _unused(person: Person) -> bool:
    if person.services:
        return False
    uses = [idle for _, idle, _ in person.keys if idle is not None]
    uses += [person.signed_in] if person.signed_in is not None else []
    if uses:
        return min(uses) > 90
    ages = [age for age, _, _ in person.keys]
    return max(ages, default=person.made) > 90
