"""What a new installation begins with: a commented settings file, and the key that signs the journal."""

import secrets
from importlib.resources import files
from pathlib import Path

from iamflow.config.secrets import write_private_file
from iamflow.domain.errors import ConfigError


def init(path: Path) -> tuple[Path, Path]:
    """Write a commented configuration and the journal's key beside it; return both. Overwrites nothing.

    Raises ``ConfigError`` where there is a configuration already.
    """
    if path.exists():
        message = f"{path} is there already, and is left as it is"
        raise ConfigError(message)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_example(), encoding="utf-8")
    key = path.parent / "journal.key"
    if not key.exists():
        write_journal_key(key)
    return path, key


def write_journal_key(path: Path) -> None:
    """Write a new journal key that only its owner may read. Raises ``FileExistsError`` rather than overwrite one."""
    write_private_file(path, secrets.token_hex(32) + "\n")


def _example() -> str:
    package = Path(str(files("iamflow")))
    for candidate in (package / "config.example.yaml", package.parent / "config.example.yaml"):
        if candidate.is_file():
            return candidate.read_text(encoding="utf-8")
    message = "config.example.yaml is missing from this installation of iamflow: install it anew"
    raise ConfigError(message)
