"""A record of one thing for people: sections of labelled lines, such as ``ticket show`` writes."""

import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from iamflow.cli.render.out import emit
from iamflow.cli.render.tables import terminal
from iamflow.domain.encoding import for_terminal

_INDENT = 2
_NARROW = 72


@dataclass(kw_only=True, slots=True)
class Section:
    """A heading with lines below it; what has nothing to say is left out."""

    heading: str
    lines: list[tuple[str, str]] = field(default_factory=list)

    def add(self, label: str, *values: str | None) -> None:
        """Add the values that are not empty; the second and later ones without repeating the label."""
        for value in values:
            if value:
                self.lines.append((label, value))
                label = ""


def show_record(title: str, sections: Sequence[Section]) -> None:
    """Write a record: in bold and wrapped on a terminal, plain and with nothing wrapped into a pipe."""
    told = [section for section in sections if section.lines]
    if sys.stdout.isatty():
        _draw(title, told)
        return
    emit(for_terminal(title))
    for line in _plain(told, width=None):
        emit(line)


def _draw(title: str, sections: Sequence[Section]) -> None:
    from rich.text import Text

    console = terminal()
    console.print(Text(for_terminal(title), style="bold"))
    width = shutil.get_terminal_size().columns
    for line in _plain(sections, width=width):
        heading = bool(line) and not line.startswith(" ")
        console.print(Text(line, style="bold" if heading else ""), soft_wrap=True)


def _plain(sections: Iterable[Section], *, width: int | None) -> Iterable[str]:
    shown = list(sections)
    label = max((len(label) for section in shown for label, _ in section.lines), default=0)
    for section in shown:
        yield ""
        yield section.heading
        for name, value in section.lines:
            yield from _line(name, for_terminal(value), label, width)


def _line(name: str, value: str, label: int, width: int | None) -> Iterable[str]:
    """Lay one labelled value out; on a narrow terminal the value goes below its label."""
    if width is None:
        yield f"{'':{_INDENT}}{name:{label}}  {value}".rstrip()
        return
    if width < _NARROW:
        if name:
            yield f"{'':{_INDENT}}{name}"
        indent = " " * (2 * _INDENT)
        yield from textwrap.wrap(value, max(width, 20), initial_indent=indent, subsequent_indent=indent)
        return
    first = f"{'':{_INDENT}}{name:{label}}  "
    yield from textwrap.wrap(value, width, initial_indent=first, subsequent_indent=" " * len(first))
