"""``iamflow finding push`` tells Security Hub by hand, says what it told, and names what was not taken."""

import pytest

from tests.cli.conftest import Office, Shell
from tests.world import ACCOUNT, OTHER

ENABLED = "security_hub: {enabled: true}"
OBSERVING = "mode: observe\n" + ENABLED
ONLY_OTHER = f"security_hub: {{enabled: true, accounts: ['{OTHER}']}}"


def _open(office: Office) -> None:
    office.world.user()
    office.world.take_in(office.world.key())


@pytest.mark.parametrize("office", [ENABLED], indirect=True)
def test_it_says_what_it_told_and_the_plural_works_too(office: Office) -> None:
    office.world.sandbox.seed.security_hub(ACCOUNT)
    _open(office)
    assert "1 findings told to Security Hub (0 archived)" in office.shell.ok("findings", "push").out
    again = office.shell.ok("finding", "push", "--output", "json").json
    assert again == {
        "sent": 0, "archived": 0, "said": 0, "unchanged": 0, "postponed": 0, "failures": [], "accounts": [],
    }  # fmt: skip
    assert office.shell.ok("finding", "push", "--all", "--output", "json").json["sent"] == 1


@pytest.mark.parametrize("office", [OBSERVING], indirect=True)
def test_in_observe_it_tells_and_says_that_the_daemon_does_not(office: Office) -> None:
    hub = office.world.sandbox.seed.security_hub(ACCOUNT)
    _open(office)
    office.shell.ok("tick")
    assert hub.findings == {}
    answer = office.shell.ok("finding", "push")
    assert "mode is observe: Security Hub is told by this command alone" in answer.err
    assert len(hub.findings) == 1


@pytest.mark.parametrize("office", [ENABLED], indirect=True)
def test_what_was_not_taken_is_1_with_which_and_why(office: Office) -> None:
    _open(office)
    answer = office.shell("finding", "push", "--output", "json")
    assert answer.code == 1
    assert answer.json["postponed"] == 1
    assert answer.json["accounts"][0]["account_id"] == ACCOUNT
    assert "Security Hub is not enabled" in answer.json["accounts"][0]["error"]
    assert "1 to be told again" in answer.complaint
    office.world.sandbox.seed.security_hub(ACCOUNT).refusals = 1
    text = office.shell("findings", "push")
    assert text.code == 1
    assert f"ticket 1 in {ACCOUNT} was refused: InternalFailure: An internal error occurred." in text.out
    rows = office.shell.ok("finding", "push", "--output", "csv").out.splitlines()
    assert rows == ["account_id,ticket_id,finding_id,error"]


def test_where_it_is_not_enabled_nothing_is_called_and_the_setting_is_named(office: Office) -> None:
    _open(office)
    answer = office.shell("finding", "push")
    assert answer.code == 1
    assert "security_hub.enabled: true" in answer.complaint
    assert not [call for call in office.world.sandbox.calls() if call[2] == "securityhub"]


def test_the_permissions_are_shown_only_to_those_who_want_it(empty: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {"securityhub:BatchImportFindings", "securityhub:BatchUpdateFindings"}

    def shown(*options: str) -> set[str]:
        statements = empty.ok("policy", "show", *options).json["Statement"]
        return {action for statement in statements for action in statement["Action"] if "securityhub" in action}

    assert shown() == shown("--role", "operator") == set()
    assert shown("--role", "reporter") == wanted
    monkeypatch.setenv("IAMFLOW_SECURITY_HUB__ENABLED", "true")
    assert shown() == wanted
    assert shown("--role", "operator") == set()


@pytest.mark.parametrize("office", [ONLY_OTHER], indirect=True)
def test_accounts_that_are_not_named_are_not_told(office: Office) -> None:
    hub = office.world.sandbox.seed.security_hub(ACCOUNT)
    _open(office)
    assert office.shell.ok("finding", "push", "--output", "json").json["sent"] == 0
    assert hub.findings == {}
