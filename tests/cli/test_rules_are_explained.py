"""``iamflow rules test`` says which rule applies to a user or key, why the others do not, and what that was read from."""

import pytest

from tests.cli.conftest import Office, Shell, opened
from tests.world import ACCOUNT, DAY, KEY

OVERRIDDEN = """
rules: {overrides: [{tags: {env: dev}, max_key_age: 365d}], open: {console-without-mfa: enforce-mfa, user-unused: none}}
"""


@pytest.mark.parametrize("office", [OVERRIDDEN], indirect=True)
def test_a_live_reading_tells_of_every_key_and_every_rule(office: Office) -> None:
    office.world.user(tags={"env": "dev"}, password=True)
    office.world.key(age=300 * DAY)
    said = {
        row["rule"]: row
        for row in office.shell.ok("rules", "test", "etl", "--account", ACCOUNT, "--output", "json").json
    }
    assert set(said) == {"key-too-old", "user-unused", "console-without-mfa"}
    assert said["key-too-old"]["access_key_id"] == KEY
    assert said["key-too-old"]["applies"] is False
    assert "not more than max_key_age (365 d)" in said["key-too-old"]["because"]
    assert said["key-too-old"]["under"] == "rules.overrides: users tagged env=dev"
    assert (said["console-without-mfa"]["applies"], said["console-without-mfa"]["workflow"]) == (True, "enforce-mfa")
    assert (said["user-unused"]["applies"], said["user-unused"]["workflow"]) == (True, None)
    assert "the rule is not applied" in said["user-unused"]["because"]
    assert {row["source"] for row in said.values()} == {"live"}


def test_without_aws_the_newest_of_what_is_stored_is_told(shell: Shell) -> None:
    key = opened(shell, "anna")[0]
    answer = shell.ok("rules", "test", key)
    assert f"{key}: key-too-old applies: created 2026-01-28, 300 d ago: more than max_key_age (90 d)" in answer.out
    assert "dealt with by disable-key, by rules; iam-audit:test.csv, as of 2026-11-24 00:11 UTC" in answer.out
    assert "besides: ticket 1 (disable-key) is open" in answer.out
    assert "not read from AWS: " in answer.out
    assert shell.ok("rules", "test", "anna", "--output", "csv").out.count(key) == 1


def test_what_else_decides_is_told(office: Office) -> None:
    office.world.user("svc", tags={"aws:cloudformation:stack-name": "users", "iamflow:protected": "yes"})
    office.shell.ok("exemption", "add", "--user", "svc", "--until", "2027-01-31", "--reason", "agreed")
    answer = office.shell.ok("rules", "test", "svc", "--account", ACCOUNT)
    for wanted in (
        "managed by CloudFormation stack users",
        "protected by its tag",
        "exemption 1 (user svc) until 2027",
    ):
        assert f"besides: {wanted}" in answer.out


def test_of_whom_nothing_is_known_it_says_how_to_find_out(shell: Shell) -> None:
    answer = shell("rules", "test", "nobody")
    assert answer.code == 1
    assert "nothing is stored of nobody" in answer.complaint
    assert shell("rules", "test", "nobody", "--account", "12").code == 2
