"""Whatever a ticket holds, its finding is one that Security Hub takes, by a validator that knows AWS's reference and not iamflow."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain import asff
from iamflow.domain.asff import Place, document, finding_id
from iamflow.domain.facts import Facts, KeyFacts, KeyStatus, LastUse, RootFacts, UserFacts
from iamflow.domain.hub import NOTE_MOST, Told, standing_of
from iamflow.domain.ids import KeyId, TicketId, UserName
from iamflow.domain.states import ENDS, Resolution, State
from iamflow.domain.ticket import Owner, Ticket
from iamflow.sandbox.asff import faults
from tests.domain.samples import ACCOUNT, CREATED, DAY, KEY, NOW, USER, USER_ID, ticket

PLACE = Place(partition="aws", region="eu-west-1")
SHAPE = (
    botocore.session.get_session().get_service_model("securityhub").operation_model("BatchImportFindings").input_shape
)


def _told(about: Ticket, **changed: Any) -> Told:
    name = finding_id(about)
    assert name is not None
    fresh = Told(
        finding_id=name, ticket_id=about.id, account_id=about.account_id, created_at=CREATED, updated_at=NOW, turn=1
    )
    return replace(fresh, **changed)


def _document(about: Ticket, place: Place = PLACE) -> dict[str, Any]:
    return document(about, _told(about), place)


def _faults(finding: dict[str, Any], place: Place = PLACE) -> list[str]:
    return list(faults(finding, ACCOUNT, place.region, place.partition))


def _of(workflow: str, facts: Facts, **changed: Any) -> Ticket:
    return replace(ticket(), workflow=workflow, access_key_id=None, facts=facts, **changed)


def _user_facts(**changed: Any) -> UserFacts:
    known = UserFacts(
        console=True,
        mfa=False,
        password_last_used=NOW - 100 * DAY,
        key_last_used=None,
        created_at=CREATED,
        as_of=NOW,
        source="live",
    )
    return replace(known, **changed)


ROOT = RootFacts(mfa=False, access_key=True, last_login=None, as_of=NOW, source="root-audit:a.csv")

# --- what a finding says ---------------------------------------------------------------------------------------------


def test_an_old_key_is_a_finding_about_the_key_and_its_user() -> None:
    finding = _document(ticket())
    assert _faults(finding) == []
    assert finding["Id"] == f"iamflow/{ACCOUNT}/key-too-old/{KEY}"
    assert finding["ProductArn"] == f"arn:aws:securityhub:eu-west-1:{ACCOUNT}:product/{ACCOUNT}/default"
    assert finding["SchemaVersion"] == "2018-10-08"
    assert finding["GeneratorId"] == "iamflow/key-too-old"
    assert (finding["CreatedAt"], finding["UpdatedAt"]) == ("2025-10-20T12:00:00.000Z", "2026-11-24T12:00:00.000Z")
    assert finding["Title"] == "Long-lived IAM access key of user deploy, created 2025-10-20"
    assert "no use of it is known" in finding["Description"]
    assert "Ticket 7 (disable-key) is notified since 2026-11-17." in finding["Description"]
    assert finding["FindingProviderFields"] == {
        "Severity": {"Label": "MEDIUM", "Original": "MEDIUM"},
        "Types": ["Software and Configuration Checks/AWS Security Best Practices"],
    }
    key, user = finding["Resources"]
    assert (key["Type"], key["Id"]) == ("AwsIamAccessKey", f"AWS::IAM::AccessKey:{KEY}")
    assert key["Details"]["AwsIamAccessKey"] == {
        "AccessKeyId": KEY,
        "AccountId": ACCOUNT,
        "CreatedAt": "2025-10-20T12:00:00.000Z",
        "PrincipalId": USER_ID,
        "PrincipalName": USER,
        "PrincipalType": "User",
        "Status": "Active",
    }
    assert (user["Type"], user["Id"]) == ("AwsIamUser", f"arn:aws:iam::{ACCOUNT}:user/{USER}")
    assert finding["RecordState"] == "ACTIVE"


@pytest.mark.parametrize(
    ("about", "rule", "severity", "kinds", "title"),
    [
        (_of("enforce-mfa", _user_facts()), "console-without-mfa", "MEDIUM", ["AwsIamUser"], "IAM user deploy can sign in to the console without MFA"),
        (_of("delete-user", _user_facts(console=False)), "user-unused", "MEDIUM", ["AwsIamUser"], "IAM user deploy appears to be unused"),
        (_of("root-hygiene", ROOT, username=UserName("<root_account>")), "root-user", "CRITICAL", ["AwsAccount"], f"Root user of account {ACCOUNT} has no MFA and has access keys"),
        (replace(ticket(), workflow="rotate-key"), "key-too-old", "MEDIUM", ["AwsIamAccessKey", "AwsIamUser"], "Long-lived IAM access key of user deploy, created 2025-10-20"),
    ],
)  # fmt: skip
def test_each_workflow_is_a_finding_of_its_rule(
    about: Ticket, rule: str, severity: str, kinds: list[str], title: str
) -> None:
    finding = _document(about)
    assert _faults(finding) == []
    assert finding["GeneratorId"] == f"iamflow/{rule}"
    assert finding["FindingProviderFields"]["Severity"]["Label"] == severity
    assert [resource["Type"] for resource in finding["Resources"]] == kinds
    assert finding["Title"] == title


@pytest.mark.parametrize(
    ("resolution", "status"),
    [
        (None, "Inactive"),
        (Resolution.DELETED, "Inactive"),
        (Resolution.ROLLED_BACK, "Active"),
        (Resolution.OWNER_REACTIVATED, "Active"),
    ],
)
def test_a_key_that_was_deactivated_is_not_called_active(resolution: Resolution | None, status: str) -> None:
    about = replace(ticket(state=State.MONITORING, deactivated_at=NOW), resolution=resolution)
    finding = _document(about)
    assert finding["Resources"][0]["Details"]["AwsIamAccessKey"]["Status"] == status
    assert f"was {status}" in finding["Description"]


@pytest.mark.parametrize("workflow", ["org-mfa-guardrail", "restore-user"])
def test_what_no_audit_finds_is_no_finding(workflow: str) -> None:
    about = replace(ticket(), workflow=workflow)
    assert finding_id(about) is None
    with pytest.raises(ValueError, match="about no finding"):
        document(about, _told(ticket()), PLACE)


def test_every_ticket_about_a_subject_and_rule_has_the_same_id() -> None:
    one = ticket()
    again = replace(one, id=TicketId(900), state=State.MONITORING, workflow="rotate-key", user_id=None)
    assert finding_id(one) == finding_id(again)
    assert finding_id(one) != finding_id(replace(one, access_key_id=KeyId("AKIAI44QH8DHBEXAMPLE")))


@pytest.mark.parametrize(
    ("place", "arn"),
    [
        (Place(partition="aws-cn", region="cn-north-1"), f"arn:aws-cn:securityhub:cn-north-1:{ACCOUNT}:product/{ACCOUNT}/default"),
        (Place(partition="aws-us-gov", region="us-gov-west-1"), f"arn:aws-us-gov:securityhub:us-gov-west-1:{ACCOUNT}:product/{ACCOUNT}/default"),
    ],
)  # fmt: skip
def test_other_partitions_have_their_own_arns(place: Place, arn: str) -> None:
    finding = _document(ticket(), place)
    assert _faults(finding, place) == []
    assert finding["ProductArn"] == arn
    assert finding["Resources"][1]["Id"].startswith(f"arn:{place.partition}:iam::")


@pytest.mark.parametrize("state", sorted(ENDS))
def test_what_has_ended_is_archived(state: State) -> None:
    assert _document(replace(ticket(), state=state))["RecordState"] == "ARCHIVED"


def test_the_date_of_the_message_alone_is_no_change() -> None:
    about = ticket()
    one = document(about, _told(about), PLACE)
    later = document(about, _told(about, updated_at=NOW + DAY), PLACE)
    assert one != later
    assert asff.digest(one) == asff.digest(later)
    moved = replace(about, state=State.MONITORING)
    assert asff.digest(document(moved, _told(moved), PLACE)) != asff.digest(one)


def test_what_others_wrote_is_one_visible_line() -> None:
    finding = _document(replace(ticket(), username=UserName("x\n\x1b[31m\u202eevil")))
    assert _faults(finding) == []
    assert "\\x0a\\x1b[31m\\u202eevil" in finding["Title"]
    assert all(char.isprintable() for char in repr(finding))


# --- whatever it holds -----------------------------------------------------------------------------------------------

_TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
_TEXTS = st.text(max_size=20) | st.text(min_size=1, max_size=2).map(lambda text: text * 1500)
_MAYBE = st.none() | _TIMES
_FACTS = st.one_of(
    st.builds(
        KeyFacts,
        status=st.sampled_from(KeyStatus),
        created_at=_TIMES,
        last_use=st.builds(LastUse, at=_MAYBE, service=st.none() | _TEXTS),
        as_of=_TIMES,
        source=_TEXTS,
    ),
    st.builds(
        UserFacts,
        console=st.booleans(),
        mfa=st.booleans(),
        password_last_used=_MAYBE,
        key_last_used=_MAYBE,
        created_at=_MAYBE,
        as_of=_TIMES,
        source=_TEXTS,
    ),
    st.builds(RootFacts, mfa=st.booleans(), access_key=st.booleans(), last_login=_MAYBE, as_of=_TIMES, source=_TEXTS),
)
_WORKFLOW = {KeyFacts: ("disable-key", "rotate-key", "migrate-to-role"), UserFacts: ("enforce-mfa", "delete-user")}


@st.composite
def _tickets(draw: st.DrawFn) -> Ticket:
    facts = draw(_FACTS)
    state = draw(st.sampled_from(State))
    return replace(
        ticket(),
        workflow=draw(st.sampled_from(_WORKFLOW.get(type(facts), ("root-hygiene",)))),
        username=UserName(draw(_TEXTS)),
        user_id=draw(st.none() | _TEXTS),
        access_key_id=KeyId(draw(_TEXTS.filter(bool))) if isinstance(facts, KeyFacts) else None,
        owner=draw(st.none() | st.builds(Owner, address=_TEXTS, source=st.just("tag"))),
        state=state,
        state_since=draw(_TIMES),
        facts=facts,
        resolution=draw(st.sampled_from(Resolution)) if state in ENDS else None,
        progress=replace(
            ticket().progress,
            notified_at=draw(_MAYBE),
            exempt_until=draw(_MAYBE),
            exempt_reason=draw(st.none() | _TEXTS),
        ),
    )


@given(_tickets())
def test_whatever_a_ticket_holds_its_finding_is_valid_and_small(about: Ticket) -> None:
    finding = _document(about)
    assert _faults(finding) == []
    report = ParamValidator().validate({"Findings": [finding]}, SHAPE)
    assert not report.has_errors(), report.generate_report()
    # A hundred of them are far below the 6 MB that one call may have.
    assert len(repr(finding).encode()) < 20_000
    note = standing_of(about).note
    assert note is None or 0 < len(note) <= NOTE_MOST


@pytest.mark.parametrize(
    "name",
    [
        "SchemaVersion", "Id", "ProductArn", "GeneratorId", "AwsAccountId", "CreatedAt", "UpdatedAt", "Title",
        "Description", "Resources",
    ],
)  # fmt: skip
def test_the_validator_misses_each_required_field(name: str) -> None:
    finding = _document(ticket())
    del finding[name]
    assert _faults(finding) == [f"{name} is required"]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"SchemaVersion": "2019"}, "SchemaVersion"),
        ({"Title": "t" * 257}, "Title"),
        ({"Description": "d" * 1025}, "Description"),
        ({"Description": "  "}, "Description"),
        ({"UpdatedAt": "2026-11-24T12:00:00"}, "UpdatedAt"),
        ({"UpdatedAt": "2026-13-24T12:00:00Z"}, "UpdatedAt"),
        ({"AwsAccountId": "999999999999"}, "AwsAccountId"),
        ({"ProductArn": f"arn:aws:securityhub:us-east-1:{ACCOUNT}:product/{ACCOUNT}/default"}, "ProductArn"),
        ({"Resources": []}, "Resources"),
        ({"Resources": [{"Type": "AWS::IAM::User", "Id": "x"}]}, "Resources.Type"),
        ({"Resources": [{"Type": "AwsIamUser", "Id": " "}]}, "Resources.Id"),
        ({"FindingProviderFields": {"Severity": {"Label": "BAD"}}}, "FindingProviderFields"),
        ({"FindingProviderFields": {"Types": ["Bad/Type"]}}, "FindingProviderFields"),
        ({"RecordState": "CLOSED"}, "RecordState"),
        ({"ProductFields": {"a": ""}}, "ProductFields"),
        ({"Remediation": {"Recommendation": {"Text": "t" * 513}}}, "Remediation"),
    ],
)
def test_the_validator_finds_each_fault(changed: dict[str, Any], named: str) -> None:
    assert [fault.split()[0] for fault in _faults(_document(ticket()) | changed)] == [named]
