"""The policy as iamflow writes it, and what of it a reading shows."""

import json
from datetime import UTC, datetime

import pytest

from iamflow.domain.brownout import Deny
from iamflow.domain.facts import ManagedPolicy, UserReading
from iamflow.domain.ids import AccountId, TicketId
from iamflow.domain.require_mfa import (
    INLINE_NAME,
    MANAGED_NAMES,
    How,
    Shape,
    inline_size,
    is_missing,
    left_behind,
    shape,
    standing,
)

TICKET = TicketId(7)
INLINE = shape(TICKET, How.INLINE, exempt_change_password=False)
MANAGED = shape(TICKET, How.MANAGED, exempt_change_password=False)
ARN = "arn:aws:iam::012345678901:policy/iamflow-RequireMFAPolicy"


def reading(user_id: str | None = "AIDAEXAMPLE", **more: object) -> UserReading:
    now = datetime(2026, 11, 24, tzinfo=UTC)
    return UserReading(read_at=now, account_id=AccountId("012345678901"), user_id=user_id, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", How)
@pytest.mark.parametrize("password", [False, True])
def test_it_denies_everything_without_mfa_but_the_enrolment(how: How, password: bool) -> None:
    document = json.loads(shape(TICKET, how, exempt_change_password=password).document)
    (statement,) = document["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Resource"] == "*"
    assert statement["Condition"] == {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    spared = set(statement["NotAction"])
    enrolment = {
        "iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetMFADevice", "iam:GetUser", "iam:ListMFADevices",
        "iam:ListVirtualMFADevices", "iam:ResyncMFADevice", "sts:GetSessionToken",
    }  # fmt: skip
    assert spared == enrolment | ({"iam:ChangePassword", "iam:GetAccountPasswordPolicy"} if password else set())


def test_an_inline_policy_names_its_ticket_and_a_managed_one_serves_all() -> None:
    assert shape(TicketId(8), How.INLINE, exempt_change_password=False) != INLINE
    assert shape(TicketId(8), How.MANAGED, exempt_change_password=False) == MANAGED
    other = shape(TICKET, How.MANAGED, exempt_change_password=True)
    assert {MANAGED.name, other.name} == set(MANAGED_NAMES)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, Deny.UNREAD),
        ({}, Deny.ABSENT),
        ({"work": INLINE.document}, Deny.ABSENT),
        ({INLINE_NAME: INLINE.document}, Deny.OURS),
        ({INLINE_NAME: json.dumps(json.loads(INLINE.document), indent=4)}, Deny.OURS),
        ({INLINE_NAME: "{}"}, Deny.FOREIGN),
        ({INLINE_NAME: "not even JSON"}, Deny.FOREIGN),
        ({INLINE_NAME: shape(TicketId(8), How.INLINE, exempt_change_password=False).document}, Deny.FOREIGN),
        ({INLINE_NAME: shape(TICKET, How.INLINE, exempt_change_password=True).document}, Deny.FOREIGN),
    ],
)
def test_an_inline_policy_is_ours_only_as_it_was_written(found: dict[str, str] | None, said: Deny) -> None:
    assert standing(reading(inline=found), INLINE) is said


@pytest.mark.parametrize(
    ("found", "said", "missing"),
    [
        ({}, Deny.UNREAD, False),
        ({MANAGED.name: None}, Deny.ABSENT, True),
        ({MANAGED.name: ManagedPolicy(arn=ARN, document=MANAGED.document, attached=False)}, Deny.ABSENT, False),
        ({MANAGED.name: ManagedPolicy(arn=ARN, document=MANAGED.document, attached=True)}, Deny.OURS, False),
        ({MANAGED.name: ManagedPolicy(arn=ARN, document="{}", attached=False)}, Deny.FOREIGN, False),
        ({MANAGED.name: ManagedPolicy(arn=ARN, document="{}", attached=True)}, Deny.FOREIGN, False),
    ],
)
def test_a_managed_policy_is_on_the_user_only_where_it_is_attached(
    found: dict[str, ManagedPolicy | None], said: Deny, missing: bool
) -> None:
    assert standing(reading(managed=found), MANAGED) is said
    assert is_missing(reading(managed=found), MANAGED) is missing


@pytest.mark.parametrize("of", [INLINE, MANAGED])
def test_a_user_who_is_gone_has_none(of: Shape) -> None:
    assert standing(reading(None), of) is Deny.ABSENT


@pytest.mark.parametrize("password", [False, True])
def test_what_an_older_backup_forgot_is_known_by_its_ticket(password: bool) -> None:
    mine = shape(TICKET, How.INLINE, exempt_change_password=password)
    assert left_behind(reading(inline={INLINE_NAME: mine.document}), TICKET) == mine
    assert left_behind(reading(inline={INLINE_NAME: mine.document}), TicketId(8)) is None
    assert left_behind(reading(inline={}), TICKET) is None
    assert left_behind(reading(), TICKET) is None


def test_white_space_is_not_counted_and_its_own_predecessor_is_replaced() -> None:
    length = len(INLINE.document)
    assert inline_size({}, INLINE) == length
    assert inline_size({"work": " {\n}\t"}, INLINE) == length + 2
    assert inline_size({INLINE_NAME: "x" * 500, "work": "y" * 10}, INLINE) == length + 10
