"""A session that was minted from a key outlives the key's deactivation, and shows under the user's name."""

import json
from datetime import timedelta

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import Aws, Events, Refused

KEY = "AKIAYF5JKDJQS3LDLOIV"
ACCOUNT = "562458925665"


def test_a_session_goes_on_working_after_its_key_was_deactivated(sandbox: Sandbox) -> None:
    assert sandbox.open_session(KEY).ok
    sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    assert sandbox.use_key(KEY).error == "InvalidAccessKeyId"
    assert sandbox.use_key(KEY, session=True).ok


def test_a_session_ends_after_36_hours(sandbox: Sandbox, clock: VirtualClock) -> None:
    sandbox.open_session(KEY)
    sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    clock.advance(timedelta(hours=36, seconds=-1))
    assert sandbox.use_key(KEY, session=True).ok
    clock.advance(timedelta(seconds=1))
    assert not sandbox.use_key(KEY, session=True).ok


def test_a_sessions_calls_are_found_by_user_name_and_not_by_the_key(sandbox: Sandbox, events: Events) -> None:
    sandbox.open_session(KEY)
    sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    sandbox.use_key(KEY, service="dynamodb", operation="ListTables", session=True)
    found = [event for event in events(Username="etl") if event["EventName"] == "ListTables"]
    assert len(found) == 1
    assert found[0]["AccessKeyId"].startswith("ASIA")
    identity = json.loads(found[0]["CloudTrailEvent"])["userIdentity"]
    assert (identity["type"], identity["userName"]) == ("IAMUser", "etl")
    assert identity["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"
    assert [event["EventName"] for event in events(AccessKeyId=KEY)] == ["GetSessionToken"]


def test_a_session_dies_with_its_user(sandbox: Sandbox) -> None:
    sandbox.open_session(KEY)
    sandbox.owner.recreate_user(ACCOUNT, "etl")
    assert sandbox.use_key(KEY, session=True).error == "InvalidAccessKeyId"


def test_a_session_cannot_mint_another(aws: Aws, refused: Refused) -> None:
    made = aws.key("sts").get_session_token()["Credentials"]
    assert refused(aws.with_credentials("sts", made).get_session_token) == "AccessDenied"
