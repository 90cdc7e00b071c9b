"""A backup is everything at one moment, fits both databases, and is restored whole or not at all."""

import gzip
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from iamflow.domain.errors import ConfigError, InputError
from iamflow.domain.exemption import Covered, NewExemption
from iamflow.domain.lead import Lead
from iamflow.domain.retention import Removable
from iamflow.domain.rule_settings import RuleName
from iamflow.domain.states import State
from iamflow.domain.ticket import Approval
from iamflow.engine import retention
from iamflow.engine.ports import Change
from iamflow.store import binding, migrate
from iamflow.store.backup import LEFT_OUT, TABLES, backup
from iamflow.store.open import SqlStore, open_store
from iamflow.store.restore import restore
from iamflow.store.schema import APPROVALS, CHECKPOINTS, FREEZE, TICKETS
from tests.store.journal_support import live
from tests.store.retention_support import END, ended, removal
from tests.store.support import (
    ACCOUNT,
    ALICE,
    BOUND,
    DAY,
    HOUR,
    KEY,
    START,
    MovedClock,
    finding,
    key_id,
    new_ticket,
    said,
    scan,
    waiting,
)

Maker = Callable[[str], SqlStore]
NOW = END + 500 * DAY


@pytest.fixture
def make(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path) -> Iterator[Maker]:
    """Return what opens a store: ``sqlite`` is a new file each time, ``postgresql`` the one server's database."""
    opened: list[SqlStore] = []

    def maker(kind: str) -> SqlStore:
        if kind == "postgresql":
            url: str = request.getfixturevalue("postgresql_url")
        else:
            file = tmp_path / f"{len(opened)}.db"
            shutil.copy(sqlite_template, file)
            url = f"sqlite:///{file}"
        opened.append(_open(url, f"writer-{len(opened)}"))
        return opened[-1]

    yield maker
    for store in opened:
        store.close()


def _open(url: str, writer: str, key: bytes = KEY) -> SqlStore:
    return open_store(url, key=key, writer=writer, channels=("smtp",), clock=MovedClock(NOW))


def _lived(store: SqlStore) -> None:
    """Put some of everything into a database."""
    live(store, 10)
    ended(store, 1)
    retention.prune(store, [removal(Removable.EVIDENCE), removal(Removable.EVENTS)])
    ended(store, 2)
    number = store.begin_scan(scan())
    store.stage_findings(number, [("key-too-old", finding(20)), ("key-too-old", finding(21, name="Ünï 🔑 <b>"))])
    store.publish_scan(number, START)
    approved, exempt, leased = store.open_new([new_ticket(number) for number in (30, 31, 32)], "rules")
    approval = Approval(ticket_id=approved.id, by=ALICE, digest="d" * 64, at=START, expires_at=NOW + DAY, comment="yes")
    progress = waiting(exempt_until=NOW + DAY, exempt_reason="a migration")
    store.commit(
        [
            Change(before=approved, after=approved, approval=approval, events=(said("\u202e é 🔑"),)),
            Change(before=exempt, after=replace(exempt, state=State.EXEMPT, progress=progress), events=(said(),)),
        ]
    )
    covers = Covered(account="prod-*", tag=("keep", "*"))
    store.add_exemption(NewExemption(covers=covers, until=NOW + DAY, reason="a migration", by=ALICE, at=NOW - DAY))
    store.claim(holder="somebody", now=NOW, limit=1, lease=HOUR, only=leased.id)
    lead = Lead(
        account_id=ACCOUNT,
        account_name="",
        username="Ünï",
        rule=RuleName.KEY_TOO_OLD,
        as_of=START,
        source="prowler:p.csv",
    )
    store.note_leads([lead], START, "AWS has not been read yet")
    store.claim_run("retention", "2028-04-08", "somebody", NOW)
    assert store.claim_untold([approved.account_id], now=NOW, limit=10, lease=HOUR).pairs
    store.beat("a-daemon", host="bastion", pid=7, at=NOW - DAY)


def _content(store: SqlStore) -> dict[str, list[dict[str, Any]]]:
    with store.database.reading() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in TABLES
        }


def _silent(_done: int, _total: int) -> None:
    """Nobody watches."""


def _is_empty(store: SqlStore) -> bool:
    return not any(_content(store)[table.name] for table in TABLES if table is not FREEZE) and not store.freeze().on


@pytest.mark.parametrize(
    ("source", "target"), [("sqlite", "sqlite"), ("sqlite", "postgresql"), ("postgresql", "sqlite")]
)
def test_what_is_restored_is_what_was_saved(make: Maker, tmp_path: Path, source: str, target: str) -> None:
    old, new = make(source), make(target)
    _lived(old)
    before = _content(old)
    assert all(rows for name, rows in before.items() if name != "metric_snapshots"), "everything is in the example"
    header = backup(old, tmp_path / "backup", _silent)
    assert header.rows == sum(map(len, before.values()))
    restore(new, tmp_path / "backup", "alice", _silent)
    after = _content(new)

    for ticket in before["tickets"]:
        ticket.update(lease_holder=None, lease_token=None, lease_until=None)
        ticket["due_at"] = NOW if ticket["closed_at"] is None else None
    for approval in before["approvals"]:
        approval["expires_at"] = NOW
    (note,) = [row for row in after["checkpoints"] if row["writer"] == new.writer]
    after["checkpoints"].remove(note)
    del before["freeze"], after["freeze"]
    assert after == before
    assert json.loads(note["heads"])["note"]["restored"] == header.made_at
    assert new.freeze().on
    assert "restored from a backup" in str(new.freeze().reason)
    assert new.verify() == []
    assert new.verify(old.head()) == []


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_restored_database_lives_on(make: Maker, tmp_path: Path, target: str) -> None:
    old, new = make("sqlite"), make(target)
    _lived(old)
    backup(old, tmp_path / "backup", _silent)
    restore(new, tmp_path / "backup", "alice", _silent)
    live(new, 50)
    assert new.verify() == []
    numbers = [ticket["id"] for ticket in _content(new)["tickets"]]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_sees_one_moment_and_holds_up_nobody(make: Maker, tmp_path: Path, kind: str) -> None:
    store, new = make(kind), make("sqlite")
    store.open_new([new_ticket(number) for number in range(1, 1400)], "rules")
    before = _content(store)
    grown: list[int] = []

    def meanwhile(done: int, _total: int) -> None:
        if not grown:
            grown.append(done)
            store.open_new([new_ticket(number) for number in range(2000, 2010)], "rules")

    header = backup(store, tmp_path / "backup", meanwhile)
    assert grown[0] < header.rows
    restore(new, tmp_path / "backup", "alice", _silent)
    assert _content(new)["events"] == before["events"]
    assert new.verify() == []


def test_the_file_is_private_and_is_never_written_over_unasked(make: Maker, tmp_path: Path) -> None:
    store = make("sqlite")
    file = tmp_path / "backup"
    backup(store, file, _silent)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first = file.read_bytes()
    live(store, 1)
    with pytest.raises(InputError, match="is there already"):
        backup(store, file, _silent)
    assert file.read_bytes() == first
    backup(store, file, _silent, overwrite=True)
    assert file.read_bytes() != first
    with pytest.raises(InputError, match="is there already"):
        backup(store, tmp_path, _silent, overwrite=True)
    with pytest.raises(InputError, match="cannot be written"):
        backup(store, tmp_path / "nowhere" / "backup", _silent)


def test_neither_the_journal_s_key_nor_a_lease_to_use_is_in_the_file(make: Maker, tmp_path: Path) -> None:
    store = make("sqlite")
    _lived(store)
    backup(store, tmp_path / "backup", _silent)
    text = gzip.decompress((tmp_path / "backup").read_bytes())
    assert KEY not in text
    assert KEY.hex().encode() not in text
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert {table.name for table in LEFT_OUT} == {"binding", "instances"}


def test_a_backup_that_fails_leaves_nothing(make: Maker, tmp_path: Path) -> None:
    store = make("sqlite")
    store.open_new([new_ticket(number) for number in range(1, 1100)], "rules")
    folder = tmp_path / "folder"
    folder.mkdir()

    def broken(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup(store, folder / "backup", broken)
    assert list(folder.iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from iamflow.store.backup import backup
from iamflow.store.open import open_store
from tests.store.support import KEY, MovedClock
store = open_store(sys.argv[1], key=KEY, writer="victim", channels=("smtp",), clock=MovedClock())
backup(store, Path(sys.argv[2]), lambda done, total: os.kill(os.getpid(), signal.SIGKILL), overwrite=True)
"""


@pytest.mark.parametrize("there", [None, b"an older backup"])
def test_a_killed_backup_has_no_file_of_that_name(make: Maker, tmp_path: Path, there: bytes | None) -> None:
    store = make("sqlite")
    store.open_new([new_ticket(number) for number in range(1, 1100)], "rules")
    file = tmp_path / "backup"
    if there is not None:
        file.write_bytes(there)
    command = [sys.executable, "-c", KILLED, str(store.database.engine.url), str(file)]
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(Path.cwd())}, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (file.read_bytes() if file.exists() else None) == there


@pytest.fixture(scope="module")
def saved(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    shutil.copy(sqlite_template, folder / "iamflow.db")
    store = _open(f"sqlite:///{folder / 'iamflow.db'}", "one")
    _lived(store)
    backup(store, folder / "backup", _silent)
    store.close()
    return folder / "backup"


@pytest.fixture
def empty(make: Maker) -> SqlStore:
    return make("sqlite")


_MEANS_NOTHING = range(3, 10)
"""Of gzip's own header: flags that nobody reads, the time, how hard it tried, and on which system."""


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_or_cut_file_is_refused_and_nothing_is_restored(
    saved: Path, empty: SqlStore, tmp_path: Path, data: st.DataObject
) -> None:
    whole = bytearray(saved.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1), label="place")
    if data.draw(st.booleans(), label="cut"):
        del whole[place:]
    else:
        whole[place] ^= 1 << data.draw(st.integers(0, 7), label="bit")
    damaged = tmp_path / "damaged"
    damaged.write_bytes(bytes(whole))
    if len(damaged.read_bytes()) == len(saved.read_bytes()) and place in _MEANS_NOTHING:
        return
    with pytest.raises(InputError) as raised:
        restore(empty, damaged, "alice", _silent)
    assert "\n" not in str(raised.value)
    assert _is_empty(empty)


def _lines(file: Path) -> list[str]:
    return gzip.decompress(file.read_bytes()).decode().splitlines()


def _edited(change: Callable[[list[str]], object]) -> Callable[[Path, Path], None]:
    def edit(saved: Path, file: Path) -> None:
        lines = _lines(saved)
        change(lines)
        file.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))

    return edit


def _header_says(**said: object) -> Callable[[Path, Path], None]:
    return _edited(lambda lines: lines.__setitem__(0, json.dumps({**json.loads(lines[0]), **said})))


def _fewer(lines: list[str]) -> None:
    """Take a row out and say so in the header."""
    header = json.loads(lines[0])
    header["sections"][0]["rows"] -= 1
    lines[0] = json.dumps(header)
    del lines[1]


WRONG: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "a row that was edited": (_edited(lambda lines: lines.__setitem__(5, lines[5].replace("0", "1"))), "was changed"),
    "a row that was left out": (_edited(lambda lines: lines.pop(5)), "damaged|was changed|too early"),
    "a row that was left out, and its number": (_edited(_fewer), "was changed"),
    "a row that was put in": (_edited(lambda lines: lines.insert(2, lines[1])), "was changed"),
    "something after the end": (_edited(lambda lines: lines.append("[]")), "was changed"),
    "no end": (_edited(lambda lines: lines.pop()), "ends too early"),
    "a newer format": (_header_says(version=2), "is a backup of version 2, and this iamflow knows 1: upgrade iamflow"),
    "another schema": (_header_says(schema="0000"), "has the schema 0000, and this iamflow"),
    "another key": (_header_says(key_fingerprint="0" * 64), "was written with another key"),
    "real accounts": (_header_says(sandbox=False), "is of real AWS accounts in aws"),
    "another partition": (_header_says(partition="aws-cn"), "is of the sandbox in aws-cn"),
    "other tables": (_header_says(sections=[]), "has other tables"),
    "another program's file": (_header_says(format="tar"), "is no backup of iamflow's"),
    "no gzip at all": (lambda _saved, file: file.write_text("rows"), "is no backup of iamflow's, or damaged"),
    "an empty file": (lambda _saved, file: file.write_bytes(b""), "ends too early"),
    "no file": (lambda _saved, _file: None, "cannot be read: No such file"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_file_is_refused_in_one_line(saved: Path, empty: SqlStore, tmp_path: Path, what: str) -> None:
    spoil, sentence = WRONG[what]
    file = tmp_path / "wrong"
    spoil(saved, file)
    with pytest.raises(InputError, match=sentence) as raised:
        restore(empty, file, "alice", _silent)
    assert "\n" not in str(raised.value)
    assert _is_empty(empty)


def test_the_journal_s_own_key_is_needed(saved: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'other.db'}"
    migrate.upgrade(url)
    other = b"the key of another installation"
    binding.create(url, BOUND, key=other, clock=MovedClock())
    store = _open(url, "one", other)
    with pytest.raises(InputError, match="was written with another key"):
        restore(store, saved, "alice", _silent)
    store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_that_holds_anything_is_not_restored_into(make: Maker, saved: Path, kind: str) -> None:
    store = make(kind)
    store.set_freeze(on=True, reason="an incident", by="alice", at=START)
    before = _content(store)
    with pytest.raises(ConfigError, match="is not empty, it has checkpoints: restore into a new database"):
        restore(store, saved, "alice", _silent)
    assert _content(store) == before


def test_a_database_on_which_a_daemon_is_at_work_is_not_restored_into(make: Maker, saved: Path) -> None:
    store = make("postgresql")
    store.beat("a-daemon", host="bastion", pid=7, at=NOW)
    with pytest.raises(ConfigError, match=r"the daemon a-daemon is at work on .*: stop it first"):
        restore(store, saved, "alice", _silent)
    assert _is_empty(store)
    store.beat("a-daemon", host="bastion", pid=7, at=NOW, stopped=True)
    restore(store, saved, "alice", _silent)
    with store.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM instances")


def test_rows_that_the_database_refuses_stop_all_of_it(make: Maker, tmp_path: Path) -> None:
    """A file can be genuine and hold what somebody wrote into SQLite by hand."""
    store, new = make("sqlite"), make("postgresql")
    store.open_new([new_ticket()], "rules")
    with store.database.writing() as connection:
        connection.execute(update(CHECKPOINTS).values(writer="w" * 500))
    backup(store, tmp_path / "backup", _silent)
    with pytest.raises(InputError, match="a row in checkpoints that iamflow did not write"):
        restore(new, tmp_path / "backup", "alice", _silent)
    assert _is_empty(new)


def test_a_tampered_journal_is_restored_as_it_is_and_told(make: Maker, tmp_path: Path) -> None:
    store, new = make("sqlite"), make("sqlite")
    live(store, 1)
    with store.database.writing() as connection:
        connection.execute(update(TICKETS).values(head_seq=99))
    backup(store, tmp_path / "backup", _silent)
    restore(new, tmp_path / "backup", "alice", _silent)
    assert len(new.verify()) == 3


def test_an_approval_that_may_have_been_used_since_counts_no_more(make: Maker, saved: Path) -> None:
    store = make("sqlite")
    restore(store, saved, "alice", _silent)
    with store.database.reading() as connection:
        good = select(func.count()).where(APPROVALS.c.used_at.is_(None), APPROVALS.c.expires_at > NOW)
        assert connection.execute(good).scalar() == 0
    assert store.case(store.ticket(key_id(30)).id).approvals[0].expires_at == NOW


def test_what_was_frozen_before_is_still_said(make: Maker, saved: Path) -> None:
    store = make("sqlite")
    restore(store, saved, "alice", _silent)
    assert str(store.freeze().reason).endswith("frozen before: an incident")
