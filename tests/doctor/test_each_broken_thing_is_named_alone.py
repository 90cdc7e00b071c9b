"""One thing is broken at a time: it alone fails, with its remedy, and the exit code is 1."""

import shutil
import socket
import sqlite3
from contextlib import closing
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.aws.scripted import DATE, Scripted, refusal, result
from tests.doctor.conftest import Clinic, OffClock, fails_alone, warns
from tests.notify.sink import Sink, free_port, serving
from tests.world import ACCOUNT, DAY, EVERY_REGION, HOUR, OTHER

TRAIL = f"cloudtrail {ACCOUNT}"
SMTP = "notify: {channels: [smtp], sender: iamflow@example.com, smtp: {host: 127.0.0.1, port: PORT}}\n"
FILE_CHANNEL = "notify: {channels: [file], sender: iamflow@example.com, team: security@example.com}\n"


def change(clinic: Clinic, *statements: str) -> None:
    """Change the database behind iamflow's back."""
    with sqlite3.connect(clinic.world.folder / "iamflow.db") as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def a_ticket(clinic: Clinic) -> None:
    clinic.world.user()
    clinic.world.take_in(clinic.world.key())


# --- settings -------------------------------------------------------------------------------------------------------


def test_settings_that_cannot_be_read(clinic: Clinic) -> None:
    clinic.set("mode: enforce", "mode: sideways")
    assert "mode" in fails_alone(clinic, "settings", "config.example.yaml")
    rest = clinic.doctor().lines[1:]
    assert {line["sentence"] for line in rest} == {"not examined, because settings failed"}


def test_a_map_of_owners_that_is_not_there(clinic: Clinic) -> None:
    clinic.config.write_text(clinic.config.read_text() + "owners: {map: nowhere.yaml}\n")
    assert "nowhere.yaml" in fails_alone(clinic, "settings", "correct the settings")


def test_a_mode_that_is_given_no_account(clinic: Clinic) -> None:
    clinic.set("enforce: all", "enforce: []")
    assert "nothing will be done" in warns(clinic, "settings", "accounts.enforce")


# --- database -------------------------------------------------------------------------------------------------------


def test_a_database_that_is_not_there(clinic: Clinic) -> None:
    clinic.world.app.store.close()
    (clinic.world.folder / "iamflow.db").unlink()
    fails_alone(clinic, "database", "iamflow db upgrade")
    assert not (clinic.world.folder / "iamflow.db").exists()


def test_a_database_of_an_older_version(clinic: Clinic) -> None:
    change(clinic, "UPDATE alembic_version SET version_num = '0000'")
    assert "is 0000, and has to be" in fails_alone(clinic, "database", "iamflow db upgrade")


def test_a_database_of_a_newer_version(clinic: Clinic) -> None:
    change(clinic, "UPDATE alembic_version SET version_num = '9999'")
    assert "9999, newer than this iamflow" in fails_alone(clinic, "database", "or a later one")


def test_a_file_that_is_no_database(clinic: Clinic) -> None:
    clinic.world.app.store.close()
    (clinic.world.folder / "iamflow.db").write_bytes(b"not a database at all" * 1000)
    fails_alone(clinic, "database", "database.url")


def test_a_table_that_was_changed(clinic: Clinic) -> None:
    change(clinic, "ALTER TABLE tickets ADD COLUMN favourite TEXT")
    fails_alone(clinic, "schema", "iamflow db check")


def test_a_database_that_others_may_read(clinic: Clinic) -> None:
    file = clinic.world.folder / "iamflow.db"
    file.chmod(0o644)
    fails_alone(clinic, "database files", f"chmod 600 {file}")


class _Usage(NamedTuple):
    free: int


def test_a_disk_that_is_full(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(free=10 * 1024 * 1024))
    assert "10 MiB" in fails_alone(clinic, "disk", "make room")


def test_a_disk_that_is_filling(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(free=500 * 1024 * 1024))
    assert "500 MiB" in warns(clinic, "disk", "1 GiB")


# --- journal --------------------------------------------------------------------------------------------------------


def test_a_journal_key_that_is_gone(clinic: Clinic) -> None:
    (clinic.world.folder / "journal.key").unlink()
    fails_alone(clinic, "journal key", "backed up")


def test_a_journal_key_that_others_may_read(clinic: Clinic) -> None:
    (clinic.world.folder / "journal.key").chmod(0o640)
    assert "others may read" in fails_alone(clinic, "journal key", "0600")


def test_another_journal_key(clinic: Clinic) -> None:
    (clinic.world.folder / "journal.key").write_text("ab" * 32)
    assert "another key" in fails_alone(clinic, "journal key", "backed up")


def test_a_journal_whose_end_was_cut_off(clinic: Clinic) -> None:
    a_ticket(clinic)
    change(clinic, "DROP TRIGGER IF EXISTS events_append_only", "DELETE FROM events")
    assert "gone" in fails_alone(clinic, "journal", "iamflow audit verify")


def test_a_checkpoint_that_was_rewritten(clinic: Clinic) -> None:
    a_ticket(clinic)
    change(clinic, "UPDATE checkpoints SET heads = '{\"heads\": []}'")
    assert "was changed" in fails_alone(clinic, "journal", "iamflow audit verify")


def test_an_old_event_that_was_edited_is_found_by_the_full_examination(clinic: Clinic) -> None:
    a_ticket(clinic)
    change(clinic, "UPDATE events SET actor = 'nobody'")
    assert clinic.doctor().of("journal")["status"] == "ok"
    assert "was changed" in fails_alone(clinic, "journal", "iamflow audit verify", "--full")


# --- aws ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [6, -6])
def test_a_clock_that_is_wrong(clinic: Clinic, minutes: int) -> None:
    clinic.tell_time(OffClock(clinic.world.clock, timedelta(minutes=minutes)))
    assert f"{minutes * 60:+d} s" in fails_alone(clinic, "clock", "chrony")


def test_a_clock_that_goes_wrong(clinic: Clinic) -> None:
    clinic.tell_time(OffClock(clinic.world.clock, timedelta(minutes=-2)))
    assert "-120 s" in warns(clinic, "clock", "chrony")


def test_a_host_without_credentials(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "no AWS credentials" in fails_alone(clinic, "aws identity", "a role, a profile or a sign-in")


def test_an_aws_that_cannot_be_reached(clinic: Clinic) -> None:
    clinic.set(clinic.world.sandbox.endpoint_url, f"http://127.0.0.1:{free_port()}")
    fails_alone(clinic, "aws identity", "a way to STS")
    assert clinic.doctor().of(f"account {ACCOUNT}")["sentence"] == "not examined, because aws identity failed"


def test_an_account_that_lets_nobody_in(clinic: Clinic) -> None:
    clinic.world.sandbox.seed.role_trust(ACCOUNT, allowed=False)
    sentence = fails_alone(clinic, f"account {ACCOUNT}", "docs/how-to/roles.md")
    assert '"Principal":{"AWS":"arn:aws:iam::123456789012:user/iamflow-host"}' in sentence


def test_an_account_without_the_role(clinic: Clinic) -> None:
    clinic.world.sandbox.seed.no_role(ACCOUNT)
    assert "must exist" in fails_alone(clinic, f"account {ACCOUNT}", "iamflow policy show")


def test_a_role_that_may_do_nothing(clinic: Clinic) -> None:
    allowed = {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}
    clinic.world.sandbox.seed.role_policy(ACCOUNT, {"Version": "2012-10-17", "Statement": [allowed]})
    assert "GetAccountSummary" in fails_alone(clinic, f"account {ACCOUNT}", "iamflow policy show")


def test_an_account_with_no_more_than_a_ticket_is_examined_too(clinic: Clinic) -> None:
    a_ticket(clinic)
    clinic.set(f'"{ACCOUNT}": payments@example.com, ', "")
    clinic.world.sandbox.seed.no_role(ACCOUNT)
    fails_alone(clinic, f"account {ACCOUNT}", "iamflow policy show")


def test_a_region_whose_trail_is_denied_names_both_remedies(clinic: Clinic) -> None:
    clinic.world.sandbox.faults.access_denied(service="cloudtrail", region="eu-west-1", account=ACCOUNT)
    fails_alone(clinic, TRAIL, "allow cloudtrail:LookupEvents in eu-west-1")
    assert "aws.regions_excused: {eu-west-1: " in clinic.doctor().of(TRAIL)["remedy"]
    assert clinic.doctor().of(f"cloudtrail {OTHER}")["status"] == "ok"


def test_a_region_that_is_excused_is_not_asked(clinic: Clinic) -> None:
    clinic.world.sandbox.faults.access_denied(service="cloudtrail", region="eu-west-1", account=ACCOUNT)
    clinic.set("trail_lookups_per_second: 50", "trail_lookups_per_second: 50, regions_excused: {eu-west-1: closed}")
    assert "excused: eu-west-1" in clinic.doctor().of(TRAIL)["sentence"]


@pytest.mark.parametrize("clinic", [f"{EVERY_REGION}\n"], indirect=True)
def test_an_account_that_does_not_tell_its_regions(clinic: Clinic) -> None:
    clinic.world.sandbox.faults.access_denied(operation="DescribeRegions", account=ACCOUNT)
    fails_alone(clinic, TRAIL, "ec2:DescribeRegions")


# --- channels -------------------------------------------------------------------------------------------------------


def test_a_folder_for_mails_that_is_a_file(clinic: Clinic) -> None:
    (clinic.world.folder / "mails").write_text("in the way")
    fails_alone(clinic, "channel file", "notify.file.folder")


def by_smtp(clinic: Clinic, port: int) -> None:
    clinic.set(FILE_CHANNEL, SMTP.replace("PORT", str(port)))


def test_a_mail_server_is_talked_to_and_sent_nothing(clinic: Clinic) -> None:
    with serving(Sink()) as sink:
        by_smtp(clinic, sink.port)
        said = clinic.doctor()
    assert (said.code, said.of("channel smtp")["status"]) == (0, "ok")
    assert (sink.mails, sink.recipients) == ([], [])


def test_a_mail_server_that_is_not_there(clinic: Clinic) -> None:
    by_smtp(clinic, free_port())
    assert "cannot be reached" in fails_alone(clinic, "channel smtp", "notify.smtp")


def test_whoever_only_observes_needs_no_mail_server_yet(clinic: Clinic) -> None:
    clinic.set("mode: enforce", "mode: observe")
    by_smtp(clinic, free_port())
    assert "tells nobody" in warns(clinic, "channel smtp", "before mode enforce")


def test_a_mail_server_that_refuses_the_sender(clinic: Clinic) -> None:
    with serving(Sink(to_sender="550 who are \x1b[31myou")) as sink:
        by_smtp(clinic, sink.port)
        sentence = fails_alone(clinic, "channel smtp", "notify.sender")
    assert "iamflow@example.com (550 who are " in sentence
    assert "\x1b" not in sentence


def test_a_mail_server_that_never_answers_holds_nothing_up(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iamflow.notify.smtp._PROBED", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        by_smtp(clinic, silent.getsockname()[1])
        assert "timed out" in fails_alone(clinic, "channel smtp", "notify.smtp")


# --- work -----------------------------------------------------------------------------------------------------------


def test_a_daemon_that_was_not_heard_of(clinic: Clinic) -> None:
    clinic.world.clock.advance(HOUR)
    assert "60 min ago" in warns(clinic, "daemon", "iamflow daemon run")


def test_tickets_that_are_due_and_nobody_who_advances_them(clinic: Clinic) -> None:
    a_ticket(clinic)
    clinic.world.clock.advance(2 * HOUR)
    assert "due for 2 h" in fails_alone(clinic, "daemon", "iamflow tick from cron")


def stuck_notice(clinic: Clinic, wait: timedelta) -> None:
    """Let a notice wait for so long: its folder cannot be made, until now."""
    a_ticket(clinic)
    in_the_way = clinic.world.folder / "mails"
    in_the_way.write_text("")
    clinic.world.tick()
    clinic.world.clock.advance(wait)
    clinic.world.tick()
    in_the_way.unlink()
    clinic.a_living_daemon()


def test_a_notice_that_waits(clinic: Clinic) -> None:
    stuck_notice(clinic, timedelta(minutes=20))
    assert "20 min" in warns(clinic, "outbox", "channels work")


def test_a_notice_that_has_been_waiting_for_days(clinic: Clinic) -> None:
    stuck_notice(clinic, 3 * DAY)
    assert "3 d" in fails_alone(clinic, "outbox", "channels work")


def test_a_freeze_with_a_hostile_reason(clinic: Clinic) -> None:
    clinic.world.app.store.set_freeze(on=True, reason="incident \x1b[2J", by="bob", at=clinic.world.clock.now())
    assert "incident" in warns(clinic, "freeze", "iamflow freeze off")
    _, out, _ = clinic.run("doctor")
    assert "incident \\x1b[2J" in out
    assert "\x1b" not in out


@pytest.mark.parametrize("clinic", ["protect: {users: [], tags: {}}\n"], indirect=True)
def test_nobody_who_is_protected(clinic: Clinic) -> None:
    warns(clinic, "protected identities", "protect.users")


def test_a_clock_that_is_so_wrong_that_aws_refuses_every_signature(clinic: Clinic) -> None:
    with closing(Scripted()) as endpoint:
        endpoint.on("GetCallerIdentity", refusal("SignatureDoesNotMatch", "Signature expired", status=403))
        clinic.set(clinic.world.sandbox.endpoint_url, endpoint.url)
        said = clinic.doctor()
    assert said.worst == ["clock", "aws identity"]
    assert "s from AWS's: nothing is begun until it is right" in said.of("clock")["sentence"]


def test_root_credentials_are_no_way_to_work(clinic: Clinic) -> None:
    arn = "arn:aws:iam::123456789012:root"
    told = f"<Account>123456789012</Account><Arn>{arn}</Arn><UserId>123456789012</UserId>"
    with closing(Scripted()) as endpoint:
        endpoint.on("GetCallerIdentity", result("GetCallerIdentity", told))
        clinic.world.clock.set(parsedate_to_datetime(DATE))
        clinic.set(clinic.world.sandbox.endpoint_url, endpoint.url)
        assert arn in fails_alone(clinic, "aws identity", "a role of its own")


def test_a_network_file_system_is_recognised(tmp_path: Path) -> None:
    from iamflow.doctor.database import _network

    mounts = "/dev/sda1 / ext4 rw 0 0\nnas:/x /srv nfs4 rw 0 0\n/dev/sdb /srv/local\\040disk xfs rw 0 0\n"
    kinds = [
        _network(Path(place), mounts) for place in ("/srv/a.db", "/srv/local disk/a.db", "/var/a.db", "/srvx/a.db")
    ]
    assert kinds == ["nfs4", None, None, None]


def test_the_journal_mode_is_told_as_it_was_left(clinic: Clinic) -> None:
    other = "delete" if clinic.world.app.sqlite_health().safe_mode == "wal" else "wal"  # type: ignore[union-attr]  # SQLite
    clinic.world.app.store.close()
    change(clinic, f"PRAGMA journal_mode = {other}")
    health = clinic.world.app.sqlite_health()
    assert health is not None
    assert health.journal_mode == other != health.safe_mode
