"""At three in the morning: done and read back where that is possible, else who will do it and how to do it by hand."""

import pytest

from iamflow.domain.states import State
from tests.cli.conftest import Office
from tests.world import ACCOUNT, DAY, KEY, on_both, on_postgresql

BY_HAND = f"aws iam update-access-key --user-name etl --access-key-id {KEY} --status Active"


@pytest.fixture
def watched(office: Office) -> Office:
    """A key that is Inactive and watched."""
    office.world.user()
    office.world.take_in(office.world.key())
    office.world.pass_until(State.MONITORING)
    office.world.pass_days(0.1)
    assert office.world.status() == "Inactive"
    return office


@on_both
def test_it_is_done_at_once_and_read_back(watched: Office) -> None:
    answer = watched.shell.ok("ticket", "rollback", "1", "--comment", "payroll is down")
    assert watched.world.status() == "Active"
    assert f"key {KEY} is Active again, observed at" in answer.out
    assert watched.world.ticket().state is State.ROLLED_BACK
    assert "payroll is down" in watched.shell.ok("ticket", "history", "1").out


def test_the_whole_key_id_does_as_well_as_the_number(watched: Office) -> None:
    watched.shell.ok("ticket", "rollback", KEY)
    assert watched.world.status() == "Active"


def test_a_freeze_does_not_stop_it(watched: Office) -> None:
    watched.shell.ok("freeze", "on", "--reason", "incident")
    watched.shell.ok("ticket", "rollback", "1")
    assert watched.world.status() == "Active"


def test_the_owners_keep_gives_the_key_back_at_once_too(watched: Office) -> None:
    answer = watched.shell.ok("ticket", "reply", "1", "--keep", "--on-behalf-of", "anna@example.com")
    assert watched.world.status() == "Active"
    assert "is Active again" in answer.out


def test_word_of_it_goes_out(watched: Office) -> None:
    before = len(watched.world.mails())
    watched.shell.ok("ticket", "rollback", "1")
    assert len(watched.world.mails()) > before


@on_postgresql
def test_beside_a_daemon_on_postgresql_it_is_done_at_once_too_since_leases_keep_them_apart(watched: Office) -> None:
    app, clock = watched.world.app, watched.world.clock
    app.store.beat("daemon-host-7", host="bastion", pid=7, at=clock.now())
    with app.engine_lock() as held:
        assert held
        watched.shell.ok("ticket", "rollback", "1")
    assert watched.world.status() == "Active"
    assert watched.world.ticket().state is State.ROLLED_BACK


def test_beside_a_daemon_it_is_recorded_and_says_who_will_and_how_to_do_it_by_hand(watched: Office) -> None:
    app, clock = watched.world.app, watched.world.clock
    app.store.beat("daemon-host-7", host="bastion", pid=7, at=clock.now())
    with app.engine_lock() as held:
        assert held
        answer = watched.shell.ok("ticket", "rollback", "1")
    assert watched.world.status() == "Inactive"
    assert "daemon-host-7 will do it" in answer.out
    assert "last heartbeat" in answer.out
    assert BY_HAND in answer.out
    watched.world.tick()
    assert watched.world.status() == "Active"


def test_where_no_daemon_is_alive_it_says_so(watched: Office) -> None:
    app, clock = watched.world.app, watched.world.clock
    app.store.beat("daemon-host-7", host="bastion", pid=7, at=clock.now() - DAY)
    with app.engine_lock():
        answer = watched.shell.ok("ticket", "rollback", "1")
    assert "no daemon is alive" in answer.out
    assert "iamflow tick" in answer.out


def test_where_aws_refuses_it_is_recorded_and_says_how_to_do_it_by_hand(watched: Office) -> None:
    watched.world.sandbox.seed.role_trust(ACCOUNT, allowed=False)
    watched.world.clock.set(watched.world.clock.now() + DAY)
    answer = watched.shell.ok("ticket", "rollback", "1")
    assert watched.world.status() == "Inactive"
    assert "not carried out yet" in answer.out
    assert BY_HAND in answer.out
    assert watched.world.ticket().wanted is not None


def test_after_a_deletion_it_is_refused_with_5_and_what_to_do(watched: Office) -> None:
    watched.world.pass_until(State.DELETED)
    answer = watched.shell("ticket", "rollback", "1")
    assert answer.code == 5
    assert "cannot be restored" in answer.complaint
    assert "create-access-key" in answer.complaint


def test_whatever_fails_on_the_way_the_line_for_doing_it_by_hand_is_told(
    watched: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("iamflow.engine.runner.advance", fail)
    answer = watched.shell.ok("ticket", "rollback", "1")
    assert BY_HAND in answer.out
    assert watched.world.ticket().wanted is not None


def test_trouble_with_mail_does_not_keep_the_key_from_coming_back(watched: Office) -> None:
    config = watched.shell.config
    settings = config.read_text(encoding="utf-8")
    # Port 9 of this host takes no mail.
    config.write_text(settings.replace("[file]", "[smtp], smtp: {host: 127.0.0.1, port: 9}"), encoding="utf-8")
    answer = watched.shell.ok("ticket", "rollback", "1")
    assert watched.world.status() == "Active"
    assert "is Active again" in answer.out
    assert watched.world.app.store.outbox_age(watched.world.clock.now() + DAY) is not None
