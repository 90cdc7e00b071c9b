"""Tables: drawn on a terminal, plain aligned text into a pipe, one block a row where a terminal is too narrow."""

import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from iamflow.cli.render.data import Record, emit_csv, emit_json_list
from iamflow.cli.render.out import Output, emit, note
from iamflow.domain.encoding import for_terminal

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

T = TypeVar("T")

_GAP = "  "
_READABLE = 14
"""The fewest characters of a column that may be broken over lines with which a drawn table can still be read."""
_LONGEST_CELL = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Column(Generic[T]):
    """One column of a table for people."""

    title: str
    cell: Callable[[T], str]
    style: Callable[[T], str] | None = None
    whole: bool = False
    """Whether its cells are never broken over lines."""
    drawn_most: int = _LONGEST_CELL
    """Characters of a cell where the table is drawn; a pipe gets them all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing(Generic[T]):
    """How a list of things looks in each form."""

    columns: Sequence[Column[T]]
    fields: Sequence[str]
    record: Callable[[T], Record]
    empty: str = "nothing to show"
    """Told on standard error where a table would have no row."""


def show(listing: Listing[T], items: Iterable[T], output: Output) -> None:
    """Write the things in the wanted form."""
    match output:
        case Output.JSON:
            emit_json_list(listing.record(item) for item in items)
        case Output.CSV:
            emit_csv((listing.record(item) for item in items), listing.fields)
        case Output.TABLE:
            _table(listing, list(items))


def _table(listing: Listing[T], items: Sequence[T]) -> None:
    if not items:
        note(listing.empty)
        return
    rows = [[for_terminal(column.cell(item), limit=_LONGEST_CELL) for column in listing.columns] for item in items]
    if not sys.stdout.isatty():
        for line in aligned([column.title for column in listing.columns], rows):
            emit(line)
        return
    styles = [[column.style(item) if column.style else "" for column in listing.columns] for item in items]
    rows = [
        [for_terminal(cell, limit=column.drawn_most) for column, cell in zip(listing.columns, row, strict=True)]
        for row in rows
    ]
    _draw(listing.columns, rows, styles)


def aligned(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Return plain lines with aligned columns: no colour, no boxes, nothing cut off."""
    lines = [titles, *rows]
    widths = [max(width_of(line[place]) for line in lines) for place in range(len(titles))]
    for line in lines:
        cells = (cell + " " * (width - width_of(cell)) for cell, width in zip(line, widths, strict=True))
        yield _GAP.join(cells).rstrip()


def width_of(text: str) -> int:
    """Return how many cells of a terminal the text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def terminal() -> "Console":
    """Return the terminal. NO_COLOR, set to anything, means no escape sequences at all."""
    from rich.console import Console

    if os.environ.get("NO_COLOR"):
        return Console(color_system=None, highlight=False, markup=False, emoji=False)
    return Console(highlight=False, markup=False, emoji=False)


def _draw(columns: Sequence[Column[T]], rows: Sequence[Sequence[str]], styles: Sequence[Sequence[str]]) -> None:
    console = terminal()
    widths = [max([width_of(row[place]) for row in rows]) for place in range(len(columns))]
    least = [
        max(width_of(column.title), width if column.whole else min(width, _READABLE))
        for column, width in zip(columns, widths, strict=True)
    ]
    if sum(least) + len(_GAP) * (len(columns) - 1) > console.width:
        _draw_blocks(console, columns, rows, styles)
    else:
        _draw_table(console, columns, rows, styles)


def _draw_table(
    console: "Console", columns: Sequence[Column[T]], rows: Sequence[Sequence[str]], styles: Sequence[Sequence[str]]
) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, len(_GAP), 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column.title, no_wrap=column.whole, overflow="fold")
    for row, style in zip(rows, styles, strict=True):
        table.add_row(*(Text(cell, style=look) for cell, look in zip(row, style, strict=True)))
    console.print(table)


def _draw_blocks(
    console: "Console", columns: Sequence[Column[T]], rows: Sequence[Sequence[str]], styles: Sequence[Sequence[str]]
) -> None:
    """Draw one block a row: the first two columns as its headline, the others below, each with its title."""
    from rich.padding import Padding
    from rich.text import Text

    titles = [column.title.capitalize() for column in columns]
    label = max(len(title) for title in titles) + len(_GAP)
    for row, style in zip(rows, styles, strict=True):
        headline = Text(row[0], style="bold")
        headline.append(_GAP).append(row[1], style=style[1] or "bold")
        console.print(headline)
        for title, cell, look in list(zip(titles, row, style, strict=True))[2:]:
            if cell:
                console.print(Padding(_labelled(title, cell, look, label, console.width - 2), (0, 0, 0, 2)))


def _labelled(title: str, cell: str, look: str, label: int, width: int) -> "Table":
    from rich.table import Table
    from rich.text import Text

    line = Table.grid(padding=0)
    line.add_column(width=label)
    line.add_column(width=max(width - label, 1), overflow="fold")
    line.add_row(Text(title, style="dim"), Text(cell, style=look))
    return line
