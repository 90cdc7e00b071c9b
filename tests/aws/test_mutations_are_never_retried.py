"""A change is called once, with the user and the key named. What became of it is told by kind."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from iamflow.aws.cloud import AwsCloud
from iamflow.aws.settings import AwsSettings
from iamflow.domain.effect import EffectKind, Receipt
from iamflow.domain.errors import BlockedError, IamflowError, PermanentError, TemporaryError, UncertainError
from iamflow.domain.ids import TicketId
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import ACCOUNT, DENY, DENYING, EFFECTS, KEY, START, SUBJECT, effect
from tests.aws.scripted import DATE, Reply, Scripted, refusal, result

CALLS = {
    EffectKind.ATTACH_BROWNOUT: "PutUserPolicy",
    EffectKind.LIFT_BROWNOUT: "DeleteUserPolicy",
    EffectKind.DEACTIVATE_KEY: "UpdateAccessKey",
    EffectKind.REACTIVATE_KEY: "UpdateAccessKey",
    EffectKind.DELETE_KEY: "DeleteAccessKey",
}
LATER = [
    "Throttling", "ThrottlingException", "RequestLimitExceeded", "LimitExceeded",
    "EntityTemporarilyUnmodifiable", "ConcurrentModification",
]  # fmt: skip


def apply(cloud: AwsCloud, kind: EffectKind = EffectKind.DEACTIVATE_KEY) -> Receipt:
    with cloud.step(SUBJECT, TicketId(1), kind) as step:
        return step.apply(effect(kind))


def failing(cloud: AwsCloud, kind: EffectKind = EffectKind.DEACTIVATE_KEY) -> IamflowError:
    with pytest.raises(IamflowError) as caught:
        apply(cloud, kind)
    return caught.value


NO_ANSWERS = {
    "the connection is cut": Reply(cut=True),
    "no answer comes in time": Reply(hang=True),
    "AWS breaks": refusal("ServiceFailure", status=500),
    "AWS is unavailable": refusal("ServiceUnavailable", status=503),
    "a gateway answers": Reply(status=502, body="<html>bad gateway</html>"),
    "the request took too long": refusal("RequestTimeout", status=408),
    "the answer is garbage": Reply(body="<<<"),
    "the answer is cut short": Reply(body="<UpdateAccessKeyResponse><Resp"),
}


@pytest.mark.parametrize("reply", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
@pytest.mark.parametrize("kind", EFFECTS)
def test_a_call_without_an_answer_is_uncertain_and_not_repeated(
    scripted: Scripted, scripted_cloud: AwsCloud, kind: EffectKind, reply: Reply
) -> None:
    scripted.on(CALLS[kind], reply)
    assert isinstance(failing(scripted_cloud, kind), UncertainError)
    assert scripted.calls[CALLS[kind]] == 1


@pytest.mark.parametrize("code", LATER)
@pytest.mark.parametrize("kind", EFFECTS)
def test_a_call_that_aws_puts_off_was_certainly_not_done_and_is_not_repeated(
    scripted: Scripted, scripted_cloud: AwsCloud, kind: EffectKind, code: str
) -> None:
    scripted.on(CALLS[kind], refusal(code, status=409))
    error = failing(scripted_cloud, kind)
    assert isinstance(error, TemporaryError)
    assert code in str(error)
    assert scripted.calls[CALLS[kind]] == 1


def test_throttling_is_put_off_even_with_the_status_of_a_fault(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    scripted.on("UpdateAccessKey", refusal("Throttling", status=503))
    assert isinstance(failing(scripted_cloud), TemporaryError)


def test_a_denied_call_names_the_call_and_where_the_policy_is(cloud: AwsCloud, sandbox: Sandbox) -> None:
    sandbox.faults.access_denied(service="iam", operation="UpdateAccessKey")
    error = failing(cloud)
    assert isinstance(error, BlockedError)
    assert error.code == "access"
    assert f"account {ACCOUNT}: iam:UpdateAccessKey" in str(error)
    assert "`iamflow policy show`" in str(error)


def test_a_key_that_is_gone_is_permanent(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    scripted.on("DeleteAccessKey", refusal("NoSuchEntity", status=404))
    assert isinstance(failing(scripted_cloud, EffectKind.DELETE_KEY), PermanentError)


def test_an_expired_session_is_temporary(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    scripted.on("UpdateAccessKey", refusal("ExpiredToken", status=403))
    assert isinstance(failing(scripted_cloud), TemporaryError)


def test_a_refusal_that_is_not_known_is_permanent(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    scripted.on("UpdateAccessKey", refusal("ValidationError", "line one\nline two\u202egnp"))
    error = failing(scripted_cloud)
    assert isinstance(error, PermanentError)
    assert "ValidationError: line one line two gnp" in str(error)


def test_a_host_that_cannot_reach_aws_has_certainly_done_nothing(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    with scripted_cloud.step(SUBJECT, TicketId(1), EffectKind.DEACTIVATE_KEY) as step:
        scripted.close()
        with pytest.raises(TemporaryError, match="cannot be reached"):
            step.apply(effect(EffectKind.DEACTIVATE_KEY))


@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after"])
def test_a_lost_answer_is_uncertain_whether_or_not_it_happened(cloud: AwsCloud, sandbox: Sandbox, fault: str) -> None:
    getattr(sandbox.faults, fault)(service="iam", operation="UpdateAccessKey")
    assert isinstance(failing(cloud), UncertainError)
    assert sandbox.key_status(ACCOUNT, KEY) == ("Inactive" if fault == "timeout_after" else "Active")


def test_user_and_key_or_policy_are_both_named(scripted: Scripted, scripted_cloud: AwsCloud) -> None:
    asked: list[dict[str, str]] = []

    def noting(given: dict[str, str]) -> Reply:
        asked.append(given)
        return result(given["Action"])

    for call in CALLS.values():
        scripted.on(call, noting)
    for kind in EFFECTS:
        apply(scripted_cloud, kind)
    named = {"UserName": "etl", "AccessKeyId": KEY}
    expected: list[dict[str, str]] = [
        {"Action": "PutUserPolicy", "UserName": "etl", "PolicyName": DENY, "PolicyDocument": DENYING},
        {"Action": "DeleteUserPolicy", "UserName": "etl", "PolicyName": DENY},
        {"Action": "UpdateAccessKey", **named, "Status": "Inactive"},
        {"Action": "UpdateAccessKey", **named, "Status": "Active"},
        {"Action": "DeleteAccessKey", **named},
    ]
    assert [{name: value for name, value in given.items() if name != "Version"} for given in asked] == expected


@pytest.mark.parametrize(
    ("header", "at"),
    [
        (DATE, datetime(2026, 11, 24, 8, 0, tzinfo=UTC)),
        ("Tue, 24 Nov 2026 10:00:00 +0200", datetime(2026, 11, 24, 8, 0, tzinfo=UTC)),
        ("Tue, 24 Nov 2026 08:00:00 -0000", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_the_receipt_has_the_request_id_and_the_time_of_the_date_header(
    scripted: Scripted, scripted_cloud: AwsCloud, header: str | None, at: datetime | None
) -> None:
    given = result("UpdateAccessKey")
    scripted.on("UpdateAccessKey", Reply(body=given.body, headers={} if header is None else {"Date": header}))
    assert apply(scripted_cloud) == Receipt(request_id="req-1", at=at)


def test_the_effects_are_done_and_told_by_aws(cloud: AwsCloud, sandbox: Sandbox) -> None:
    statuses = ["Active", "Active", "Inactive", "Active", None]
    denied = [True, False, False, False, False]
    for kind, status, deny in zip(EFFECTS, statuses, denied, strict=True):
        receipt = apply(cloud, kind)
        assert sandbox.key_status(ACCOUNT, KEY) == status
        found = cloud.read(replace(SUBJECT, policies=(DENY,))).policies[DENY]
        assert (found is not None and json.loads(found) == json.loads(DENYING)) is deny
        made = sandbox.mutations(role_name="iamflow")[-1]
        assert (made.request_id, receipt.at) == (receipt.request_id, START)


def test_timeouts_are_bounded_far_below_half_a_lease() -> None:
    settings = AwsSettings()
    assert settings.connect_timeout + settings.read_timeout < 150 / 4
