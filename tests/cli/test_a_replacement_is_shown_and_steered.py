"""What a person sees of a replacement on the screens, and does to it, without ever seeing a secret."""

import pytest

from iamflow.domain.states import State
from tests.cli.conftest import Office
from tests.engine.rotating import awaiting_adoption, keys_of, new_key, opened, secret, take
from tests.world import ACCOUNT, DAY, KEY, START


def test_the_record_tells_the_new_key_and_where_its_secret_is_and_never_the_secret(office: Office) -> None:
    awaiting_adoption(office.world)
    held = secret(office.world)
    assert held is not None
    said = [
        office.shell.ok("ticket", what, "1", "--output", how)
        for what in ("show", "why", "history")
        for how in ("table", "json")
    ]
    text = said[0].out
    assert "New key" in text
    assert f"key              {new_key(office.world)}" in text
    assert "the secret iamflow/etl of Secrets Manager" in text
    assert "wait until the new key is in use and the old one idle" in text
    shown = office.shell.ok("ticket", "show", "1", "--output", "json").json
    assert shown["progress"]["rotation"]["new_key"] == new_key(office.world)
    assert not [answer for answer in said if held["SecretAccessKey"] in answer.out + answer.err]


def test_why_tells_what_the_old_key_waits_for(office: Office) -> None:
    awaiting_adoption(office.world)
    assert "the new key has not been used yet" in office.shell.ok("ticket", "why", "1").out
    take(office.world)
    assert "the old key has not been idle for long enough" in office.shell.ok("ticket", "why", "1").out


def test_the_answer_migrated_is_taken_at_the_command_line(office: Office) -> None:
    awaiting_adoption(office.world)
    office.shell.ok("ticket", "reply", "1", "--migrated", "--on-behalf-of", "etl team")
    office.world.pass_until(State.DEACTIVATED)
    assert "all migrated" in office.shell.ok("ticket", "show", "1").out


def test_a_rollback_says_what_became_of_both_keys(office: Office) -> None:
    awaiting_adoption(office.world)
    new = new_key(office.world)
    said = office.shell.ok("ticket", "rollback", "1", "--comment", "not now").out
    assert f"key {KEY} works as before; the new key {new} was never used and is deleted" in said
    assert keys_of(office.world) == {KEY: "Active"}
    assert new in office.shell.ok("ticket", "show", "1").out


def test_a_rollback_after_a_use_of_the_new_key_says_that_both_stay(office: Office) -> None:
    awaiting_adoption(office.world)
    take(office.world)
    said = office.shell.ok("ticket", "rollback", "1").out
    assert f"the new key {new_key(office.world)} has been used and stays too" in said


def test_the_key_that_would_go_for_room_is_named_before_it_is_approved(office: Office) -> None:
    opened(office.world)
    idle = "AKIAYF5JKDJQSECOND22"
    office.world.sandbox.seed.key(ACCOUNT, "etl", idle, created=START - 300 * DAY, last_used=START - 200 * DAY)
    office.world.sandbox.owner.deactivate_key(ACCOUNT, "etl", idle)
    office.world.pass_until(State.AWAITING_APPROVAL)
    assert f"by deleting {idle}, which is Inactive" in office.shell.ok("ticket", "show", "1").out
    assert f"delete the Inactive key {idle} to make room" in office.shell.ok("ticket", "why", "1").out


@pytest.mark.parametrize(
    ("role", "allowed", "forbidden"),
    [
        ("issuer", "iam:CreateAccessKey", "iam:DeleteAccessKey"),
        ("reaper", "iam:DeleteAccessKey", "iam:CreateAccessKey"),
        ("operator", "iam:UpdateAccessKey", "secretsmanager:PutSecretValue"),
    ],
)
def test_the_permissions_of_each_role_are_printed(office: Office, role: str, allowed: str, forbidden: str) -> None:
    said = office.shell.ok("policy", "show", "--workflow", "rotate-key", "--role", role).out
    assert allowed in said
    assert forbidden not in said
    assert "GetSecretValue" not in said


def test_the_workflow_is_drawn_and_listed(office: Office) -> None:
    assert "rotate-key" in office.shell.ok("workflow", "list").out
    drawn = office.shell.ok("workflow", "diagram", "rotate-key").out
    assert "awaiting_adoption --> deactivated" in drawn
    assert "while the old key works" in office.shell.ok("workflow", "show", "rotate-key").out
