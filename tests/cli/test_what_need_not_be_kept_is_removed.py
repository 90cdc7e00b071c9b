"""``iamflow db prune`` removes what the settings keep no longer; every place where it is missing says so."""

from datetime import timedelta

import pytest

from iamflow.cli.main import main
from iamflow.domain.states import State
from iamflow.engine import retention, steer
from tests.cli.conftest import Office, Shell, on_a_terminal
from tests.world import ALICE, DAY, KEY

KEPT = "retention: {evidence: 40d, events: 50d}"
FOR_EVER = "retention: {evidence: null, events: null}"


def _rolled_back(office: Office) -> None:
    office.world.user()
    office.world.take_in(office.world.key())
    office.world.pass_until(State.MONITORING)
    steer.rollback(office.world.desk(ALICE), KEY)
    office.world.pass_until(State.ROLLED_BACK)
    office.world.pass_days(2)


@pytest.mark.parametrize("office", [KEPT], indirect=True)
def test_what_is_removed_is_said_everywhere_and_the_journal_stays_intact(office: Office) -> None:
    _rolled_back(office)
    assert office.shell.ok("db", "prune").out.splitlines() == [
        "evidence of 0 tickets removed (retention.evidence)",
        "events of 0 tickets removed (retention.events)",
    ]
    assert office.shell.ok("ticket", "show", KEY, "--output", "json").json["baseline"] is not None
    office.world.clock.set(office.world.clock.now() + 40 * DAY)

    assert office.shell.ok("db", "prune", "--dry-run").out.startswith("evidence of 1 ticket would be removed")
    assert office.shell.ok("db", "prune").out.startswith("evidence of 1 ticket removed (retention.evidence)")
    today = f"{office.world.clock.now():%Y-%m-%d}"
    shown = office.shell.ok("ticket", "show", KEY)
    assert f"what CloudTrail told was removed by retention on {today}" in shown.out
    assert office.shell.ok("ticket", "show", KEY, "--output", "json").json["baseline"] is None
    assert f"evidence removed by retention on {today}" in office.shell.ok("ticket", "history", KEY).out

    events = len(office.shell.ok("ticket", "history", KEY, "--output", "json").json)
    office.world.clock.set(office.world.clock.now() + 10 * DAY)
    assert f"{events} events of 1 ticket removed (retention.events)" in office.shell.ok("db", "prune").out
    today = f"{office.world.clock.now():%Y-%m-%d}"
    (left,) = office.shell.ok("ticket", "history", KEY, "--output", "json").json
    assert left["kind"] == "retention"
    assert left["detail"]["events"]["count"] == events
    assert f"it was removed by retention on {today}" in office.shell.ok("ticket", "show", KEY).out
    verified = office.shell.ok("audit", "verify")
    assert f"the journal is intact: {events + 1} events, {events} of them removed by retention" in verified.out
    assert office.shell.ok("audit", "verify", "--output", "json").json["removed"] == events


@pytest.mark.parametrize("office", [KEPT], indirect=True)
def test_a_subject_s_past_is_not_forgotten_with_its_history(office: Office) -> None:
    _rolled_back(office)
    office.world.clock.set(office.world.clock.now() + 60 * DAY)
    office.shell.ok("db", "prune")
    taken = office.world.take_in(office.world.key(), as_of=office.world.clock.now())
    assert taken.opened == 1
    again = office.world.ticket()
    assert again.state is State.OPEN
    assert again.progress.once_rolled_back


@pytest.mark.parametrize("office", [KEPT], indirect=True)
def test_the_daemon_removes_once_a_day_whichever_daemon_it_is(office: Office) -> None:
    _rolled_back(office)
    office.world.clock.set(office.world.clock.now() + 60 * DAY)
    one, other = office.world.engine, office.world.another_engine(instance="other")
    kept = office.world.app.settings.kept()
    first = retention.prune_daily(one, kept, stopping=lambda: False)
    assert {what.value: much.tickets for what, much in first.items()} == {"evidence": 1, "events": 1}
    assert retention.prune_daily(other, kept, stopping=lambda: False) == {}
    office.world.clock.set(office.world.clock.now() + timedelta(days=1))
    assert {much.tickets for much in retention.prune_daily(other, kept, stopping=lambda: False).values()} == {0}


@pytest.mark.parametrize("office", [FOR_EVER], indirect=True)
def test_null_keeps_for_ever(office: Office) -> None:
    _rolled_back(office)
    office.world.clock.set(office.world.clock.now() + 3000 * DAY)
    assert office.shell.ok("db", "prune").out == (
        "nothing is ever removed: retention.evidence and retention.events are null\n"
    )
    assert office.world.ticket().baseline is not None


def test_on_a_terminal_it_asks_first(shell: Shell) -> None:
    answer = on_a_terminal(shell, "db", "prune", answer="n\n")
    assert answer.code == 3
    assert "declined: nothing was done" in answer.out


def test_what_the_next_ticket_is_judged_by_cannot_be_removed_early(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    for wrong in ("{evidence: 29d}", "{events: 1d}"):
        config = shell.folder / "short.yaml"
        config.write_text(f"retention: {wrong}\n", encoding="utf-8")
        assert main(["--config", str(config), "db", "current"]) == 1
        assert "must be null, or 30d or more" in capsys.readouterr().err
    config.write_text("retention: {evidence: 50d}\nrules: {reopen_after: 60d}\n", encoding="utf-8")
    assert main(["--config", str(config), "db", "current"]) == 1
    assert "retention.evidence must be null, or 60d or more" in capsys.readouterr().err
