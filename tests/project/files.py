"""The project's own files, read as its tests need them."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.11", "3.12", "3.13")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?==(?P<version>\S+)( ; (?P<marker>.*))?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """One entry of a lock. ``marker`` is None where it holds everywhere."""

    name: str
    version: str
    marker: Marker | None
    hashes: tuple[str, ...]


def lock(name: str) -> list[Pin]:
    """Return the entries of ``requirements/<name>.txt``. Raises ``AssertionError`` for a line that is not a hashed pin."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", "").splitlines()
    return [_pin(line) for line in lines]


def _pin(line: str) -> Pin:
    head, *hashes = re.split(r"\s+--hash=", line.strip())
    found = _PIN.fullmatch(head)
    assert found, f"not a pin: {line}"
    marker = found["marker"]
    return Pin(
        name=canonicalize_name(found["name"]),
        version=found["version"],
        marker=Marker(marker) if marker else None,
        hashes=tuple(hashes),
    )


def asked_for(*extras: str) -> list[Requirement]:
    """Return what the project asks for by itself and with these extras; its own name stands for its extras."""
    wanted = list(PROJECT["project"]["dependencies"])
    for extra in extras:
        wanted += PROJECT["project"]["optional-dependencies"][extra]
    found = []
    for requirement in map(Requirement, wanted):
        if canonicalize_name(requirement.name) == PROJECT["project"]["name"]:
            found += asked_for(*requirement.extras)
        else:
            found.append(requirement)
    return found
