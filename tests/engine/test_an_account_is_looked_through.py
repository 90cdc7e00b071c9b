"""What a look through an account asks beside the credential report, and what it makes of the answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from iamflow.domain.accounts import MemberAccount
from iamflow.domain.errors import BlockedError, PermanentError
from iamflow.domain.facts import KeyState, KeyStatus, LastUse
from iamflow.domain.ids import KeyId, UserName
from iamflow.domain.policy import Policy
from iamflow.domain.root import AccountReading
from iamflow.domain.rule_settings import RuleName
from iamflow.domain.rules import judge_user
from iamflow.engine.live_report import LiveReport, Terms, look_through
from iamflow.engine.ports import CredentialReport, ReportedKey
from tests.world import ACCOUNT, DAY, OTHER, START

HEADER = (
    "user,arn,user_creation_time,password_enabled,password_last_used,mfa_active,access_key_1_active,access_key_1_last_rotated,"
    "access_key_1_last_used_date,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,"
    "access_key_2_last_used_date,access_key_2_last_used_service"
)
OLD, OLDER = START - 100 * DAY, START - 400 * DAY
ROOT = f"<root_account>,arn:aws:iam::{ACCOUNT}:root,{OLDER.isoformat()},not_supported,N/A,true,false,N/A,N/A,N/A,false,N/A,N/A,N/A"


def user(name: str, *keys: tuple[datetime, datetime | None], console: str = "false", account: str = ACCOUNT) -> str:
    slots = [
        f"true,{made.isoformat()},{used.isoformat() if used else 'N/A'},{'s3' if used else 'N/A'}"
        for made, used in keys
    ]
    slots += ["false,N/A,N/A,N/A"] * (2 - len(slots))
    arn = f"arn:aws:iam::{account}:user/{name}"
    return f"{name},{arn},{OLDER.isoformat()},{console},N/A,false,{','.join(slots)}"


@dataclass
class Account:
    """An account that answers what it is told to, and notes what it was asked."""

    rows: Sequence[str]
    ids: dict[str, Sequence[KeyState] | None] = field(default_factory=dict)
    uses: dict[str, LastUse | None] = field(default_factory=dict)
    services: dict[str, int | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def report(self) -> CredentialReport:
        return CredentialReport(text="\n".join([HEADER, *self.rows, ""]), generated_at=START)

    def keys(self, username: UserName) -> Sequence[KeyState] | None:
        self.asked.append(f"keys of {username}")
        return self.ids[username]

    def last_use(self, username: UserName, key_id: KeyId) -> LastUse | None:
        self.asked.append(f"use of {key_id}")
        return self.uses[key_id]

    def service_credentials(self, username: UserName) -> int | None:
        self.asked.append(f"services of {username}")
        return self.services.get(username, 0)

    def account(self) -> AccountReading:
        self.asked.append("account")
        return AccountReading(read_at=START, account_id=ACCOUNT, root_mfa=False, root_access_key=True)

    def look(self, **terms: object) -> LiveReport:
        member = MemberAccount(account_id=ACCOUNT, name="payments")
        return look_through(self, member, Terms(policy=Policy(), now=START, **terms))  # type: ignore[arg-type]


def key(name: str, made: datetime = OLD, status: KeyStatus = KeyStatus.ACTIVE) -> KeyState:
    return KeyState(key_id=KeyId(name), status=status, created_at=made)


def found(live: LiveReport) -> list[ReportedKey]:
    return list(live.keys())


def uses(live: LiveReport) -> dict[str, datetime | None]:
    return {key.key_id: key.last_used() for key in found(live)}


def unused(live: LiveReport) -> list[str]:
    verdicts = [verdict for one in live.users() for verdict in judge_user(one, Policy(), START)]
    return [v.finding.username for v in verdicts if v.rule is RuleName.USER_UNUSED and v.applies]


def test_nothing_is_asked_about_users_of_whom_no_rule_finds_anything() -> None:
    account = Account([ROOT, user("new", (START - DAY, START)), user("young", (START - 5 * DAY, None))])
    live = account.look()
    assert account.asked == []
    assert (live.rows, live.flagged, found(live)) == (3, 0, [])


def test_keys_are_asked_for_where_one_is_old_and_used() -> None:
    account = Account([ROOT, user("etl", (OLD, START))], ids={"etl": [key("A")]})
    assert uses(account.look()) == {"A": START}
    assert account.asked == ["keys of etl"]


def test_of_two_keys_of_one_second_one_is_asked_about() -> None:
    used = START - DAY
    account = Account(
        [ROOT, user("etl", (OLD, used), (OLD, None))], ids={"etl": [key("A"), key("B")]}, uses={"A": LastUse()}
    )
    assert uses(account.look()) == {"A": None, "B": used}
    assert account.asked == ["keys of etl", "use of A"]


def test_of_two_keys_of_one_second_both_are_asked_about_where_the_first_was_used_since() -> None:
    used = START - DAY
    account = Account(
        [ROOT, user("etl", (OLD, used), (OLD, None))],
        ids={"etl": [key("A"), key("B")]},
        uses={"A": LastUse(at=START), "B": LastUse()},
    )
    assert uses(account.look()) == {"A": START, "B": None}


def test_where_nobody_uses_the_user_the_later_use_is_taken_for_both_keys_of_one_second() -> None:
    idle = START - 95 * DAY
    account = Account([ROOT, user("etl", (OLD, idle), (OLD, None))], ids={"etl": [key("A"), key("B")]})
    assert uses(account.look()) == {"A": idle, "B": idle}
    assert account.asked == ["services of etl", "keys of etl"]


def test_a_third_key_that_the_report_has_no_room_for_is_asked_about_and_its_use_counts() -> None:
    idle = START - 95 * DAY
    account = Account(
        [ROOT, user("etl", (OLD, idle), (OLDER, None))],
        ids={"etl": [key("A"), key("B", OLDER), key("C", OLD - 9 * DAY)]},
        uses={"C": LastUse(at=START)},
    )
    live = account.look()
    assert uses(live) == {"A": idle, "B": None, "C": START}
    assert unused(live) == []


def test_credentials_whose_use_is_not_told_keep_a_user_from_being_unused() -> None:
    account = Account([ROOT, user("git"), user("nobody")], services={"git": 1})
    live = account.look()
    assert unused(live) == ["nobody"]
    assert account.asked == ["services of git", "services of nobody"]


def test_a_user_who_is_gone_since_the_report_was_made_is_left_out() -> None:
    account = Account(
        [ROOT, user("gone"), user("left", (OLD, START)), user("here", (START, None))],
        ids={"left": None},
        services={"gone": None},
    )
    assert [one.username for one in account.look().users()] == ["here"]


def test_what_was_changed_since_the_report_counts_as_it_is_now() -> None:
    account = Account(
        [ROOT, user("etl", (OLD, START), (OLDER, START))], ids={"etl": [key("A", status=KeyStatus.INACTIVE)]}
    )
    (only,) = found(account.look())
    assert (only.key_id, only.finding().key_facts.status) == ("A", KeyStatus.INACTIVE)


def test_a_key_that_is_listed_already_is_known_by_its_second_and_not_asked_for() -> None:
    known = {"etl": [(KeyId("A"), OLD)]}
    row = user("etl", (OLD, START)).replace(",true,", ",false,")
    account = Account([ROOT, row])
    (only,) = found(account.look(known=known))
    assert (only.key_id, only.finding().key_facts.status) == ("A", KeyStatus.INACTIVE)
    assert account.asked == []


def test_of_two_keys_of_one_second_none_is_known_by_its_second() -> None:
    rows = [ROOT, user("etl", (OLD, START), (OLD, START)).replace(",true,", ",false,")]
    assert found(Account(rows).look(known={"etl": [(KeyId("A"), OLD)]})) == []


def test_a_key_that_was_made_or_deleted_since_the_report_is_left_out() -> None:
    account = Account(
        [ROOT, user("etl", (OLD, START), (OLD, None))],
        ids={"etl": [key("A"), key("B"), key("NEW", START)]},
        uses={"A": None, "B": LastUse(at=START)},
    )
    assert uses(account.look()) == {"B": START}


def test_a_key_says_of_its_user_what_the_report_says() -> None:
    (one,) = found(Account([ROOT, user("etl", (OLD, START), console="true")], ids={"etl": [key("A")]}).look())
    assert (one.username, one.account_id, one.console, one.mfa) == ("etl", ACCOUNT, True, False)
    assert (one.created_at, one.password_last_used()) == (OLD, None)


def test_a_report_file_has_the_ids_of_all_keys() -> None:
    made = START - DAY
    account = Account([ROOT, user("young", (made, None))], ids={"young": [key("A", made)]})
    assert uses(account.look(every_key=True)) == {"A": None}


def test_the_root_user_is_asked_for_only_where_the_report_does_not_tell() -> None:
    (told,) = Account([ROOT]).look().roots()
    assert (told.root_facts.mfa, told.root_facts.access_key) == (True, False)
    account = Account([])
    (asked,) = account.look().roots()
    assert (asked.root_facts.mfa, asked.root_facts.access_key) == (False, True)
    assert account.asked == ["account"]


def test_a_report_of_another_account_is_refused() -> None:
    with pytest.raises(BlockedError, match=f"are those of account {OTHER}"):
        Account([user("etl", account=OTHER)]).look()


def test_a_report_that_is_not_understood_is_refused_with_the_account() -> None:
    with pytest.raises(PermanentError, match=f"account {ACCOUNT}: its credential report is not understood: row 2"):
        Account(["etl,nonsense"]).look()
