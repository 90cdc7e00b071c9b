"""JSON and CSV: the same records, with the same stable field names.

JSON is written in ASCII, so that no name in it can reach a terminal as an escape sequence, and nothing is lost. CSV cells are
text, never formulas; what is not a plain value is JSON within its cell.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum

from iamflow.cli.render.out import emit
from iamflow.cli.render.words import iso
from iamflow.domain.encoding import for_csv

Record = Mapping[str, object]


def plain(value: object) -> object:
    """Return a value as JSON has it: times in ISO 8601 UTC, enums as their values, dataclasses and tuples as they nest."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Enum):
        return plain(value.value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value


def emit_json(value: object) -> None:
    """Write one JSON document."""
    emit(json.dumps(plain(value), indent=2))


def emit_json_list(records: Iterable[Record]) -> None:
    """Write a JSON list, record by record, so that a long one need not fit into memory."""
    waiting: str | None = None
    for record in records:
        emit("[" if waiting is None else f"  {waiting},")
        waiting = json.dumps(plain(record))
    emit("[]" if waiting is None else f"  {waiting}\n]")


def emit_csv(records: Iterable[Record], names: Sequence[str]) -> None:
    """Write a header and one row a record."""
    _csv_row(names)
    for record in records:
        _csv_row([_csv_cell(plain(record[name])) for name in names])


def _csv_row(cells: Sequence[str]) -> None:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    emit(line.getvalue())


def _csv_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return for_csv(value if isinstance(value, str) else json.dumps(value))
