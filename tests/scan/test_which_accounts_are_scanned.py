"""The settings and the command choose the accounts; where nobody can tell which they are, nothing is scanned and nothing done."""

from collections.abc import Sequence

import pytest

from iamflow.bootstrap import application
from iamflow.domain.accounts import AccountPattern
from iamflow.domain.errors import BlockedError, ConfigError, RefusedError, TemporaryError
from iamflow.domain.ids import AccountId, KeyId
from iamflow.domain.scope import AccountScope
from iamflow.engine.accounts import Selection, resolved_policy, select
from iamflow.engine.intake import import_report
from iamflow.sandbox.faults import Effect, Scope
from tests.cli.conftest import Office, Shell
from tests.scan.company import CLOSED, FORMULA, HOUSE, LOCKED
from tests.world import ACCOUNT, KEY, OTHER, Listed, World

HOME = AccountId("123456789012")
EVERYBODY = {HOUSE, FORMULA, LOCKED, HOME, ACCOUNT, OTHER}
LISTING = Scope(service="organizations")


def patterns(*texts: str) -> tuple[AccountPattern, ...]:
    return tuple(AccountPattern.read(text) for text in texts)


def chosen(world: World, scope: AccountScope, only: Sequence[str] = ()) -> Selection:
    return select(world.app.cloud, scope, [AccountId(one) for one in only], {})


def ids(selection: Selection) -> set[str]:
    return {account.account_id for account in selection.chosen}


def test_all_active_accounts_are_and_the_closed_ones_are_named(world: World) -> None:
    everything = chosen(world, AccountScope())
    assert ids(everything) == EVERYBODY
    assert {account.account_id for account in everything.skipped} == set(CLOSED)


def test_patterns_choose_and_leave_out(world: World) -> None:
    seed = world.sandbox.seed
    seed.account_tags(FORMULA, {"env": "prod"})
    by_tag = AccountScope(include=frozenset({AccountId(HOUSE)}), include_patterns=patterns("tag:env=prod", "DEV*"))
    assert ids(chosen(world, by_tag)) == {HOUSE, FORMULA, OTHER}
    unit = seed.unit("sandboxes")
    seed.account("777788889999", "playground", unit=unit)
    left_out = AccountScope(exclude_patterns=patterns(f"ou:{unit}", "closed", "*söhne"))
    found = chosen(world, left_out)
    assert ids(found) == EVERYBODY - {HOUSE}
    assert found.skipped == ()
    assert not found.scope.selected(AccountId("777788889999"))


def test_an_account_by_name_of_the_command_must_be_one_that_the_settings_choose(world: World) -> None:
    assert ids(chosen(world, AccountScope(), [HOUSE, HOUSE])) == {HOUSE}
    with pytest.raises(RefusedError, match=f"account {HOUSE} is left out by the settings"):
        chosen(world, AccountScope(exclude_patterns=patterns("house*")), [FORMULA, HOUSE])


def test_a_pattern_that_chooses_nothing_is_an_error_and_no_empty_scan(world: World) -> None:
    with pytest.raises(ConfigError, match="no account is chosen"):
        chosen(world, AccountScope(include=frozenset(), include_patterns=patterns("nothing-*")))


def test_without_permission_to_list_them_accounts_named_by_id_are_scanned_all_the_same(world: World) -> None:
    world.sandbox.faults.switch_on(Effect.ACCESS_DENIED, LISTING)
    scope = AccountScope(include=frozenset({AccountId(HOUSE), AccountId(FORMULA)}))
    found = select(world.app.cloud, scope, (), {AccountId(HOUSE): "house"})
    assert [(one.account_id, one.name) for one in found.chosen] == [(HOUSE, "house"), (FORMULA, FORMULA)]
    assert "names and states of accounts are not known" in (found.remark or "")
    assert ids(chosen(world, AccountScope(), [HOUSE])) == {HOUSE}


def test_without_permission_to_list_them_nothing_is_chosen_by_a_pattern(world: World) -> None:
    world.sandbox.faults.switch_on(Effect.ACCESS_DENIED, LISTING)
    scope = AccountScope(include=frozenset({AccountId(HOUSE)}), exclude_patterns=patterns("x"))
    for only in ((), (HOUSE,)):
        with pytest.raises(BlockedError, match="cannot be listed"):
            chosen(world, scope, only)


def test_the_settings_are_not_used_for_acting_until_the_organisation_has_answered(world: World) -> None:
    policy = world.app.policy
    assert resolved_policy(world.app.cloud, policy) is policy
    world.sandbox.faults.switch_on(Effect.SERVER_ERROR, LISTING)
    by_pattern = AccountScope(include=frozenset(), include_patterns=patterns("*"))
    with pytest.raises(TemporaryError, match="cannot be listed"):
        resolved_policy(world.app.cloud, type(policy)(scope=by_pattern))


def test_a_scan_of_everything_without_permission_says_in_one_line_what_to_do(world: World, shell: Shell) -> None:
    world.sandbox.faults.switch_on(Effect.ACCESS_DENIED, LISTING)
    answer = shell("scan")
    assert (answer.code, answer.out) == (1, "")
    for remedy in ("organizations:ListAccounts", "accounts.include", "policy show --role observer"):
        assert remedy in answer.complaint
    again = shell("scan", "--account", HOUSE)
    assert again.code == 0
    assert "names and states of accounts are not known" in again.err


def test_an_account_id_that_is_none_is_a_mistake_in_usage(world: World, shell: Shell) -> None:
    answer = shell("scan", "--account", "12345")
    assert (answer.code, "takes 12 digits" in answer.complaint) == (2, True)


BY_NAME = 'accounts: {include: ["payments"], exclude: ["dev*"], enforce: all}\n'


@pytest.mark.parametrize("office", [BY_NAME], indirect=True)
def test_the_daemon_acts_and_imports_are_taken_in_the_accounts_that_patterns_choose(office: Office) -> None:
    world, app = office.world, office.world.app
    assert not app.policy.acts_in(ACCOUNT)
    assert app.engine(acts=True).policy.acts_in(ACCOUNT)
    assert not app.engine(acts=True).policy.acts_in(OTHER)
    assert app.intake_desk().policy.scope.selected(ACCOUNT)
    assert not app.intake_desk().policy.scope.selected(OTHER)
    assert world.sandbox.calls()["123456789012", "us-east-1", "organizations", "ListAccounts"] == 1


@pytest.mark.parametrize("office", [BY_NAME], indirect=True)
def test_a_ticket_shows_that_iamflow_acts_where_a_pattern_says_so(office: Office) -> None:
    world, other = office.world, KeyId("AKIAYF5JKDJQ00000001")
    world.user("etl", ACCOUNT)
    world.user("etl", OTHER)
    found = [world.key(KEY, "etl", ACCOUNT), world.key(other, "etl", OTHER)]
    result = import_report(world.app.intake_desk(), Listed(found))
    assert (result.opened, result.rejected) == (1, 1)
    assert office.shell.ok("ticket", "show", KEY, "--output", "json").json["mode"] == "observe"
    world.tick()
    assert office.shell.ok("ticket", "show", KEY, "--output", "json").json["mode"] == "enforce"
    opened = office.shell(
        "ticket", "open", "--workflow", "disable-key", "--account", OTHER, "--user", "x", "--key", other
    )
    assert (opened.code, f"account {OTHER} is excluded" in opened.complaint) == (5, True)


@pytest.mark.parametrize("office", [BY_NAME], indirect=True)
def test_where_the_organisation_does_not_answer_no_engine_acts_and_a_rollback_still_can(office: Office) -> None:
    world = office.world
    world.sandbox.faults.switch_on(Effect.ACCESS_DENIED, LISTING)
    with application(world.folder / "config.yaml", writer="test", clock=world.clock) as app:
        with pytest.raises(BlockedError, match="cannot be listed"):
            app.engine(acts=True)
        assert not app.engine().policy.acts_in(ACCOUNT)
    answer = office.shell("tick")
    assert answer.code == 1
    assert "accounts.include" in answer.complaint
