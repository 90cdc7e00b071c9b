"""Figures, and the page that they are written to."""

import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from os import cpu_count, getloadavg
from pathlib import Path

RESULTS = Path(__file__).parent / "results.md"
_PACKAGES = ("SQLAlchemy", "pydantic", "transitions", "boto3", "moto", "typer")


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One thing that was measured. ``met`` None where there is no target, or nothing to measure yet."""

    what: str
    measured: str
    against: str = ""
    target: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        """In a word."""
        return {True: "met", False: "MISSED", None: ""}[self.met]


@dataclass(kw_only=True, slots=True)
class Section:
    """What was measured together, with what has to be said about it."""

    title: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0


def page(sections: Sequence[Section], at: datetime, options: str) -> str:
    """Return the results as Markdown."""
    lines = [
        "# What was measured",
        "",
        f"Written by `python -m benchmarks{options}` on {at:%Y-%m-%d %H:%M} UTC. Every figure is from that one run; ratios are",
        "against floors measured in the same run. Other work on the machine moves the seconds more than the ratios.",
        "",
        *machine(),
        "",
    ]
    for section in sections:
        lines += [f"## {section.title}", "", *_table(section.figures), ""]
        lines += [line for note in section.notes for line in (note, "")]
    return "\n".join(lines)


def plain(section: Section) -> str:
    """Return a section for the terminal."""
    lines = [f"\n{section.title}  ({section.seconds:.0f} s)"]
    for figure in section.figures:
        target = f"   target {figure.target}" if figure.target else ""
        lines.append(f"  {figure.what}: {figure.measured}  {figure.against}{target}  {figure.verdict}".rstrip())
    return "\n".join(lines)


def machine() -> list[str]:
    """Return what the figures were measured on."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return [
        f"- Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}",
        f"- {platform.system()} {platform.release()}, {platform.machine()}, {cpu_count()} cores",
        f"- load average when it was written: {getloadavg()[0]:.1f}",
    ]


def _table(figures: Sequence[Figure]) -> list[str]:
    rows = ["| what | measured | against | target | |", "|---|---|---|---|---|"]
    return rows + [
        f"| {f.what} | {f.measured} | {f.against} | {f.target} | {f.verdict} |".replace("  ", " ") for f in figures
    ]
