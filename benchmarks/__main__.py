"""``python -m benchmarks``: measure everything in one run, print it, and write ``results.md``."""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import calls, importing, listing, passes, plans, profiles, scanning, startup, transitions
from benchmarks.report import RESULTS, Figure, Section, page, plain
from benchmarks.stage import OneByOne, Stage, a_stage, postgresql
from iamflow.store.database import journal_mode
from tests.sources.large import write_large
from tests.sources.reports import NAME

REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ap-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "sa-east-1",
)
"""Seventeen, as many as are enabled in an account by default."""


ENDED = 100_000
"""Ended tickets in a database that has been in use for long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """How much is measured."""

    lives: int
    floor: int
    crowd: int
    import_rows: int
    runs: int


NORMAL = Sizes(lives=300, floor=10_000, crowd=1_000_000, import_rows=100_000, runs=3)
LARGE = Sizes(lives=2_000, floor=50_000, crowd=1_000_000, import_rows=1_000_000, runs=3)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--large", action="store_true", help="a million tickets and rows; takes a long time")
    parser.add_argument("--only", choices=list(MEASUREMENTS), help="one measurement; results.md is left as it is")
    options = parser.parse_args()
    sizes = LARGE if options.large else NORMAL
    chosen = [options.only] if options.only else list(MEASUREMENTS)
    sections = []
    for name in chosen:
        began = time.perf_counter()
        section = MEASUREMENTS[name](sizes)
        section.seconds = time.perf_counter() - began
        print(plain(section), flush=True)
        sections.append(section)
    if options.only is None:
        RESULTS.write_text(page(sections, datetime.now(UTC), " --large" if options.large else ""), encoding="utf-8")
        print(f"\nwritten to {RESULTS}")


def durable(sizes: Sizes) -> Section:
    """Measure transitions a second against the floor, the runs of both taking turns."""
    floors, rates, steps, lives = [], [], [], []
    for _ in range(sizes.runs):
        floors.append(transitions.floor(sizes.floor))
        lives.append(transitions.lives(sizes.lives))
        rates.append(lives[-1].moved / lives[-1].seconds)
        steps.append(lives[-1].steps / lives[-1].seconds)
    floor, rate, step = statistics.median(one for one, _ in floors), statistics.median(rates), statistics.median(steps)
    whole = statistics.median(run.tickets / (run.seconds + run.sending) for run in lives)
    last = lives[-1]
    shares = profiles.processor(lambda: transitions.lives(sizes.lives // 3, kind=OneByOne))
    mutating, others = last.kinds["with a mutating call"], last.kinds["without one"]
    commits = statistics.median(run.statements["commits"] / (run.moved + run.letters) for run in lives)
    in_passes = (mutating.commits + others.commits) / last.steps
    return Section(
        title="Durable transitions, SQLite",
        figures=[
            Figure(
                what="changes of state",
                measured=f"{rate:,.0f}/s",
                against=f"{rate / floor:.1%} of the floor, {floor:,.0f}/s",
                target="≥ 10 %",
                met=rate / floor >= 0.10,
            ),
            Figure(what="durable steps", measured=f"{step:,.0f}/s", against=f"{step / floor:.1%} of the floor"),
            Figure(
                what="processor time a change of state",
                measured=f"{last.cpu / last.moved * 1000:.2f} ms",
                against=f"at most {last.moved / last.cpu:,.0f}/s; the floor's {1000 / floors[-1][1]:.3f} ms",
            ),
            Figure(
                what="whole lives, notices included",
                measured=f"{whole:,.1f}/s",
                against=f"{last.steps / last.tickets:.0f} steps and {last.letters / last.tickets:.0f} letters each",
            ),
            Figure(
                what="commits a step, in passes", measured=f"{in_passes:.3f}", target="≤ 0.05", met=in_passes <= 0.05
            ),
            Figure(what="commits a step or letter, all told", measured=f"{commits:.3f}"),
            Figure(
                what="queries a ticket in a pass",
                measured=f"{others.queries / others.tickets:.2f}",
                target="≤ 0.5",
                met=others.queries / others.tickets <= 0.5,
            ),
            Figure(
                what="queries a ticket with a mutating call",
                measured=f"{mutating.queries / mutating.tickets:.2f}",
                target="≤ 2.5",
                met=mutating.queries / mutating.tickets <= 2.5,
            ),
        ],
        notes=[
            (
                f"The floor is the bare sqlite3 driver in the same journal mode (`{journal_mode()}`, synchronous FULL):"
                f" one UPDATE and one INSERT a transition, batches of {transitions.BATCH}, two commits a batch. A durable step"
                " is one look at one ticket whose result is committed: claimed, decided, guarded, its row updated, its events"
                " chained. What iamflow writes besides: an intent before each effect (a commit of its own), the checkpoint over"
                " the hashes of the batch, outbox rows, and ten indexes on tickets."
            ),
            (
                f"A change of state needs {last.cpu / last.moved * 1000:.2f} ms of the processor, which bounds it to"
                f" {last.moved / last.cpu:,.0f}/s whatever the disk does; the processor was at work for"
                f" {last.cpu / last.seconds:.0%} of the passes, and the rest is waiting for the disk (synchronous FULL) and for"
                f" other work on the machine. Of the processor time: {profiles.in_words(shares)}."
            ),
        ],
    )


def slow_aws(sizes: Sizes) -> Section:  # noqa: ARG001 - its size is the batch's
    """Measure a batch whose AWS calls take 50 ms each, 16 at once."""
    slow = passes.slow_aws()
    return Section(
        title="A pass that waits for AWS",
        figures=[
            Figure(
                what=f"{slow.calls} calls of 50 ms, {slow.workers} at once",
                measured=f"{slow.seconds:.1f} s",
                against=f"{slow.efficiency:.2f} of the ideal, {slow.ideal:.1f} s",
                target="≥ 0.8",
                met=slow.efficiency >= 0.8,
            )
        ],
        notes=[
            (
                "One batch of 100 tickets over 20 accounts from notice to confirmed deletion, in all its passes. The ideal is calls"
                f" x 50 ms ÷ {slow.workers}. A batch of 100 over {slow.workers} workers takes 7 rounds where 6.25 are the ideal, so"
                f" that {100 / slow.workers / 7:.2f} is the most that equally long looks can reach."
            ),
        ],
    )


def crowd(sizes: Sizes) -> Section:
    """Measure a pass, an idle pass and the lists among many open tickets; and the plans of their statements."""
    with a_stage() as few:
        passes.fill(few, 1_000)
        small = passes.crowd(few, 1_000)
        near = listing.pages(few)
    with a_stage() as many:
        passes.fill(many, sizes.crowd)
        large = passes.crowd(many, sizes.crowd)
        far = listing.pages(many)
        found = plans.plans(many)
        commands = _list_commands(many, sizes)
    with a_stage() as old:
        passes.fill(old, ENDED, ended=True)
        past = listing.past_the_open_ones(old)
    grown = large.due / small.due
    figures = [
        Figure(
            what=f"a pass with 100 due of {sizes.crowd:,} open",
            measured=f"{large.due * 1000:.0f} ms",
            against=f"{grown:.2f} x the pass among 1,000, {small.due * 1000:.0f} ms",
            target="≤ 1.5 x",
            met=grown <= 1.5,
        ),
        Figure(
            what="an idle pass",
            measured=f"{large.idle * 1000:.2f} ms",
            target="≤ 3 ms",
            met=large.idle <= 0.003,
        ),
        Figure(what="`next_due`", measured=f"{large.next_due * 1000:.2f} ms"),
    ]
    for name, (first, last, rows) in far.items():
        before = near[name][0]
        figures.append(
            Figure(
                what=f"list, {name}, {rows} rows",
                measured=f"first page {first * 1000:.1f} ms, last {last * 1000:.1f} ms",
                against=f"last ÷ first {last / first:.2f}; first among 1,000 tickets {before * 1000:.1f} ms",
                target="last ≤ 1.5 x first",
                met=last <= 1.5 * first,
            )
        )
    figures.append(
        Figure(
            what=f"list, all open, 100 of them before {ENDED:,} ended ones",
            measured=f"first page {past[0] * 1000:.1f} ms, last {past[1] * 1000:.1f} ms",
            against=f"last ÷ first {past[1] / past[0]:.2f}",
            target="last ≤ 1.5 x first",
            met=past[1] <= 1.5 * past[0],
        )
    )
    figures += commands
    return Section(title="Many open tickets", figures=figures, notes=[_plans_note(found), _ENDED_NOTE])


_ENDED_NOTE = (
    "The list of all open tickets goes by their numbers and passes over ended ones: what it costs grows with the ended tickets"
    " between the open ones. A partial index on the numbers of open tickets would bound it."
)


def _list_commands(many: Stage, sizes: Sizes) -> list[Figure]:
    """Measure the command itself among many tickets, against an empty database."""
    if not startup.cli_is_there():
        return [Figure(what="`ticket list --limit 50`", measured="not there yet", target="≤ 1.5 x an empty database")]
    with a_stage() as none:
        empty = startup.ticket_list(none.folder, sizes.runs)
    asked = {
        "first page": (),
        "last page": ("--after", str(sizes.crowd - 50)),
        "of an owner": ("--owner", "team-7@example.com"),
        "of a state": ("--state", "notified"),
        "of an account": ("--account", "account-7"),
    }
    took = {
        name: startup.ticket_list(many.folder, sizes.runs, "--limit", "50", *options) for name, options in asked.items()
    }
    return [
        Figure(
            what=f"`ticket list --limit 50`, {name}",
            measured=f"{seconds * 1000:.0f} ms",
            against=f"{seconds / empty:.2f} x an empty database, {empty * 1000:.0f} ms",
            target="≤ 1.5 x",
            met=seconds <= 1.5 * empty,
        )
        for name, seconds in took.items()
    ]


def _plans_note(found: Sequence[plans.Plan]) -> str:
    scanning = sorted({f"{plan.work} ({', '.join(plan.scans)})" for plan in found if plan.scans})
    works = sorted({plan.work for plan in found})
    return (
        f"Query plans of {'; '.join(works)}. Each goes by an index, but for: {'; '.join(scanning)}. `chosen` is the batch itself,"
        " `freeze` has one row, `accounts` has one row an account, and `json_each` is the keys that were asked for."
    )


def imports(sizes: Sizes) -> Section:
    """Measure the import of iam-audit files, with few findings and with many, on both databases."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="iamflow-report-") as folder:
        for what, share in importing.SHARES.items():
            file = write_large(Path(folder) / NAME, sizes.import_rows, share=share)
            reading, writing = importing.floors(file)
            figures += _import_figures(f"SQLite, {what}", importing.measured(file), reading)
            with postgresql() as url:
                figures += _import_figures(f"PostgreSQL, {what}", importing.measured(file, url), reading)
            figures.append(Figure(what=f"floor: csv and bare upserts, {what}", measured=f"{writing:,.0f} rows/s"))
        small = write_large(Path(folder) / NAME, 10_000, share=max(importing.SHARES.values()))
        shares = profiles.processor(lambda: importing.run(small))
    return Section(
        title="Import of an iam-audit file",
        figures=figures,
        notes=[
            (
                "The floor is Python's csv reader over the same file. The report is read twice (the whole of it is validated"
                " before the first row is written). A row that is a finding becomes a ticket with its first event, its place in"
                " the hash chain, its finding and its entries in ten indexes, three of them in the order of random key ids; each"
                " thousand rows are two transactions that wait for the disk, so that no person waits for an import. The rate by"
                " the processor is what this process could do if neither the disk nor, on PostgreSQL, the server took any time."
                f" Where every second row is a finding, on SQLite, its time goes to: {profiles.in_words(shares)}."
            )
        ],
    )


def _import_figures(where: str, done: importing.Import, floor: float) -> list[Figure]:
    return [
        Figure(
            what=f"{where}: {done.rows:,} rows, {done.opened:,} tickets",
            measured=f"{done.rate:,.0f} rows/s",
            against=f"{done.rate / floor:.1%} of the floor, {floor:,.0f}/s; by the processor {done.rows / done.cpu:,.0f}/s",
            target="≥ 30,000 rows/s",
            met=done.rate >= 30_000,
        ),
        Figure(
            what=f"{where}: peak memory",
            measured=f"{done.peak_mib:.0f} MiB",
            against=f"validating took {done.validating:.1f} of {done.seconds:.1f} s",
            target="≤ 250 MiB",
            met=done.peak_mib <= 250,
        ),
    ]


def starting(sizes: Sizes) -> Section:
    """Measure how quickly commands answer."""
    runs = sizes.runs * 3
    most = {"iamflow --help": 10, "iamflow ticket list": 25}
    if not startup.cli_is_there():
        figures = [Figure(what=name, measured="not there yet", target=f"≤ {times} x") for name, times in most.items()]
        return Section(title="Start-up", figures=figures)
    with startup.a_small_database() as folder:
        nothing, took = _in_turns(folder, runs)
        shares = startup.imports_of_list(folder)
    figures = [
        Figure(
            what=f"`{name}`",
            measured=f"{seconds * 1000:.0f} ms",
            against=f"{seconds / nothing:.1f} x `python -c pass`, {nothing * 1000:.0f} ms",
            target=f"≤ {most[name]} x",
            met=seconds <= most[name] * nothing,
        )
        for name, seconds in took.items()
    ]
    note = f"Of the time that `iamflow ticket list` spends on imports: {profiles.in_words(shares)}."
    return Section(title="Start-up", figures=figures, notes=[note])


def _in_turns(folder: Path, runs: int) -> tuple[float, dict[str, float]]:
    """Return the medians of an interpreter that does nothing and of the commands, each measured in turn with the others."""
    nothing, helping, listed = [], [], []
    for _ in range(runs):
        nothing.append(startup.nothing(1))
        helping.append(startup.help_screen(1))
        listed.append(startup.ticket_list(folder, 1))
    took = {"iamflow --help": statistics.median(helping), "iamflow ticket list": statistics.median(listed)}
    return statistics.median(nothing), took


def aws_calls(sizes: Sizes) -> Section:  # noqa: ARG001 - one life is one life
    """Count the calls of one key's life."""
    lives = [calls.one_life(REGIONS[:regions]) for regions in (1, 17)]
    figures = [
        Figure(
            what=f"one key's life, {life.regions} regions",
            measured=f"{life.besides_polls} calls",
            against=f"and {life.in_polls} in {life.polls} polls",
            target=f"≤ 3 R + 20 = {life.bound}",
            met=life.besides_polls <= life.bound,
        )
        for life in lives
    ]
    few, many = lives
    slope = (many.besides_polls - few.besides_polls) / (many.regions - few.regions)
    rest = few.besides_polls - slope * few.regions
    counted = ", ".join(f"{name} {times}" for name, times in many.by_operation.most_common())
    return Section(
        title="AWS calls",
        figures=figures,
        notes=[
            f"From notice to confirmed deletion, counted by the simulated AWS, polls included: {counted}.",
            (
                f"Besides polls this is {slope:g} R + {rest:g}. The part that grows with the regions is the baseline (R) and the"
                " final sweep (2 R). The rest does not: each look reads the user anew by four calls (GetUser, ListAccessKeys,"
                " GetAccessKeyLastUsed, ListAttachedUserPolicies), and looks lie days apart, so that each begins with a new"
                " session (AssumeRole, GetCallerIdentity), which AWS ends after an hour. Keys of one account that are looked at"
                " within the same hour share it; this life is that of a key that is alone in its account."
            ),
        ],
    )


def scan_calls(sizes: Sizes) -> Section:  # noqa: ARG001 - one organisation is one organisation
    """Count the calls of a scan, and of an audit that asks about each user."""
    done = scanning.one_scan()
    taken, in_turn = done.scan.total(), done.in_turn.total()
    figures = [
        Figure(
            what=f"a scan of {done.users} users in {done.accounts} accounts, {done.flagged} of them flagged",
            measured=f"{taken} calls",
            against=f"{in_turn / taken:.1f} x fewer than {in_turn}, by asking about each user in turn",
            target=f"≤ 3 an account and 2 a flagged user = {done.bound}",
            met=taken <= done.bound,
        )
    ]
    counted = ", ".join(f"{name} {times}" for name, times in done.scan.most_common())
    told = ", ".join(f"{name} {times}" for name, times in done.in_turn.most_common())
    return Section(
        title="AWS calls of a scan",
        figures=figures,
        notes=[
            f"Counted by the simulated AWS: {counted}.",
            f"In turn, as audit scripts ask, {in_turn / done.users:.1f} a user: {told}.",
        ],
    )


MEASUREMENTS: dict[str, Callable[[Sizes], Section]] = {
    "transitions": durable,
    "slow-aws": slow_aws,
    "crowd": crowd,
    "import": imports,
    "start-up": starting,
    "calls": aws_calls,
    "scan": scan_calls,
}

if __name__ == "__main__":
    main()
