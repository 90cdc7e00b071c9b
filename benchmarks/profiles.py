"""Where the time goes, by who spends it."""

import cProfile
import pstats
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_PARTS = (
    "iamflow/domain",
    "iamflow/workflows",
    "iamflow/engine",
    "iamflow/store",
    "iamflow/sources",
    "benchmarks",
    "sqlalchemy",
    "pydantic",
)
_SHOWN = 9


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """What one part spends of the whole."""

    part: str
    share: float


def processor(work: Callable[[], object]) -> list[Share]:
    """Run the work under the profiler, and return who spends its processor time; the work's own threads are one part."""
    profile = cProfile.Profile(time.process_time)
    profile.enable()
    work()
    profile.disable()
    spent: Counter[str] = Counter()
    stats: Mapping[tuple[str, int, str], tuple[int, int, float, float, object]] = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # typeshed leaves it out
    for (file, _, function), (_, _, own, _, _) in stats.items():
        spent[_part(file, function)] += own  # type: ignore[assignment]  # a Counter of seconds
    return _shares(spent)


def _part(file: str, function: str) -> str:
    if file == "~":
        if "sqlite3" in function:
            return "SQLite itself"
        if "lock" in function:
            return "threads"
        if "pydantic" in function:
            return "pydantic"
        return "Python's built-ins"
    path = file.replace("\\", "/")
    if path.endswith("dataclasses.py"):
        return "copies of frozen values"
    return next((part for part in _PARTS if f"/{part}/" in path), "the rest of Python's library")


def start(options: Sequence[str], environment: Mapping[str, str]) -> list[Share]:
    """Return which packages a command's imports spend their time in."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "iamflow", *options],
        check=True,
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    spent: Counter[str] = Counter()
    for line in done.stderr.splitlines():
        own, _, module = (cell.strip() for cell in line.removeprefix("import time:").split("|", 2))
        if own.isdigit():
            top = module.split(".")[0]
            spent[".".join(module.split(".")[:2]) if top == "iamflow" else top] += int(own)
    return _shares(spent)


def _shares(spent: Counter[str]) -> list[Share]:
    whole = sum(spent.values())
    return [Share(part=part, share=own / whole) for part, own in spent.most_common(_SHOWN)]


def in_words(shares: Sequence[Share]) -> str:
    """Return the shares as text, the largest first."""
    return ", ".join(f"{share.part} {share.share:.0%}" for share in shares)
