"""From SQLite to PostgreSQL as it is documented: the owner upgrades and restores, the working role does the rest."""

import pytest

from tests.cli.conftest import REPORT, Shell
from tests.postgresql import Cluster


def test_tickets_and_journal_come_along_and_work_goes_on(
    shell: Shell, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.ok("import", str(REPORT))
    shell.ok("ticket", "hold", "1", "--comment", "wait for the owner")
    listed = shell.ok("ticket", "list", "--all", "--output", "json").json
    history = shell.ok("ticket", "history", "1").out
    backup = str(shell.folder / "backup.gz")
    shell.ok("db", "backup", backup)
    with cluster.as_documented() as (owner, role):
        shell.config.write_text(shell.config.read_text().replace("sqlite:///iamflow.db", role), encoding="utf-8")
        assert "permission denied for schema public" in shell("db", "upgrade").complaint
        monkeypatch.setenv("IAMFLOW_DATABASE__URL", owner)
        shell.ok("db", "upgrade")
        shell.ok("db", "restore", backup)
        monkeypatch.delenv("IAMFLOW_DATABASE__URL")
        shell.ok("freeze", "off")
        assert _same(shell.ok("ticket", "list", "--all", "--output", "json").json) == _same(listed)
        assert shell.ok("ticket", "history", "1").out.startswith(history.rstrip("\n"))
        again = shell.ok("import", str(REPORT), "--output", "json").json
        assert (again["opened"], again["existing"]) == (0, len(listed))
        shell.ok("ticket", "resume", "1")
        assert "intact" in shell.ok("audit", "verify").out


def _same(tickets: list[dict[str, object]]) -> list[tuple[object, ...]]:
    """Return what a backup promises to keep of each ticket; when it is looked at next is decided anew."""
    return [tuple(ticket[name] for name in ("id", "state", "access_key_id", "username", "owner")) for ticket in tickets]
