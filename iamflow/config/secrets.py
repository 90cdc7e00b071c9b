"""Secrets by reference only: where a secret is, never what it is."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from iamflow.domain.errors import ConfigError

Fetch = Callable[[str], str]
"""Returns the secret with this name or ARN from Secrets Manager. Raises an ``IamflowError``."""

_LONGEST = 65_536
"""Bytes of a secret file that are read."""

_NAME = re.compile(r"[A-Za-z0-9_.@-]+")


class SecretRef(BaseModel):
    """Where a secret is kept: exactly one of a file, an environment variable, a systemd credential, Secrets Manager."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Path | None = None
    env: str | None = None
    credential: str | None = None
    secretsmanager: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _a_reference(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        """Refuse a secret that was written down as it is, without repeating it."""
        if not isinstance(given, dict | cls):
            message = (
                "a secret itself is never written here: say where it is, as {file: …}, {env: …} or {credential: …}"
            )
            raise ValueError(message)  # noqa: TRY004 - pydantic reports ValueErrors as settings' faults
        return given

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            message = "name exactly one of file, env, credential, secretsmanager"
            raise ValueError(message)
        return self

    def read(self, base: Path, fetch: Fetch | None = None) -> str:
        """Return the secret; relative files are taken from ``base``. Raises ``ConfigError``, which never quotes it.

        ``fetch`` reads from Secrets Manager; without it, such a reference cannot be followed. It is called now and not when
        the settings are loaded, so that commands which need no secret need no AWS.
        """
        if self.secretsmanager is not None:
            if fetch is None:
                message = (
                    f"{self.secretsmanager}: Secrets Manager is not read for this setting: use file, env or credential"
                )
                raise ConfigError(message)
            return fetch(self.secretsmanager)
        if self.env is not None:
            value = os.environ.get(self.env)
            if not value:
                message = f"the environment variable {self.env} that should hold a secret is not set"
                raise ConfigError(message)
            return value
        if self.credential is not None:
            return read_private_file(_credential(self.credential), own=False)
        return read_private_file(base / (self.file or Path()).expanduser())


def _credential(name: str) -> Path:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        message = f"there is no systemd credential {name}: CREDENTIALS_DIRECTORY is not set"
        raise ConfigError(message)
    if _NAME.fullmatch(name) is None:
        message = f"{name!r} is no name of a credential"
        raise ConfigError(message)
    return Path(folder) / name


def read_private_file(path: Path, *, own: bool = True) -> str:
    """Return a secret file's text without its last newline. Refuses links, and files that others may read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        message = f"the secret file {path} cannot be read: {error.strerror}"
        raise ConfigError(message) from error
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            message = f"the secret file {path} is not a regular file"
            raise ConfigError(message)
        if own and found.st_mode & 0o077:
            message = f"others may read the secret file {path}: chmod 600 {path}"
            raise ConfigError(message)
        content = file.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        message = f"the secret file {path} is larger than {_LONGEST // 1024} KiB: is it the right one?"
        raise ConfigError(message)
    try:
        text = content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        message = f"the secret file {path} is not UTF-8 text"
        raise ConfigError(message) from None
    if not text:
        message = f"the secret file {path} is empty"
        raise ConfigError(message)
    return text


def write_private_file(path: Path, text: str) -> None:
    """Write a new file that only its owner may read. Raises ``FileExistsError`` rather than overwrite one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
