"""The files that the audit tool writes, written from a live scan: the same columns and words, for programs that read them.

Two things are different. Users without access keys are in the file too: their cells about a key are empty, and ``created_date`` is
when the user was made. And the credential report does not tell what kind of MFA device a user has: ``Virtual`` stands for any.
"""

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from iamflow.domain.encoding import for_csv
from iamflow.domain.errors import ConfigError, InputError
from iamflow.domain.facts import Finding
from iamflow.domain.rules import ReportedUser

USERS = "iam_audit_report"
ROOTS = "root_audit_report"

_USER_COLUMNS = (
    "account_id", "account_name", "username", "password_status", "password_last_used", "access_key_id", "status",
    "created_date", "last_used_date", "service_name", "mfa_status",
)  # fmt: skip
_ROOT_COLUMNS = ("account_id", "account_name", "mfa_enabled", "access_key_present", "root_last_login")

_SET, _NOT_SET = "Configurada", "No configurada"
_NEVER, _NEVER_USED = "Nunca", "Nunca utilizada"
_NOTHING = "N/A"
_SOME_DEVICE, _NO_DEVICE = "Virtual", "None"

_S3 = "s3://"

Row = Sequence[str]
Put = Callable[[str, str, Path], None]
"""Puts a file into a bucket (its name first) under a name."""


@contextmanager
def audit_files(where: str, at: datetime, put: Put) -> Iterator["AuditFiles"]:
    """Begin both files of one scan, in a folder or for ``s3://bucket/prefix``; what was not delivered in the end is removed.

    ``at`` is the time (UTC) that they are named after. Raises ``ConfigError`` for what is no place in S3, ``InputError`` where
    nothing can be written.
    """
    with ExitStack() as stack:
        if where.startswith(_S3):
            bucket, prefix = _place(where)
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="iamflow-")))
            files = AuditFiles(folder, at, lambda file: _uploaded(put, bucket, prefix, file))
        else:
            files = AuditFiles(Path(where), at, str)
        stack.callback(files.give_up)
        yield files


class AuditFiles:
    """Both files of one scan. They get their names once they are whole; until then they end in ``.part``."""

    def __init__(self, folder: Path, at: datetime, bring: Callable[[Path], str]) -> None:
        """Begin the files. ``bring`` takes each, once it is whole, to where it is wanted, and returns how it is called there."""
        stamp = f"{at:%Y%m%d_%H%M%S}"
        self.files = tuple(folder / f"{name}_{stamp}.csv" for name in (USERS, ROOTS))
        self._bring = bring
        self._stack = ExitStack()
        self._begun: list[Path] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._users, self._roots = (csv.writer(self._begin(file)) for file in self.files)
        except OSError as error:
            self.give_up()
            message = f"{error.filename or folder}: the report cannot be written: {error.strerror}"
            raise InputError(message) from error
        self._users.writerow(_USER_COLUMNS)
        self._roots.writerow(_ROOT_COLUMNS)

    def add(self, people: Iterable[tuple[ReportedUser, Sequence[Finding]]], root: Finding | None) -> None:
        """Write down the users of one account, each with the keys, and its root user."""
        for user, keys in people:
            self._users.writerows([_key_row(user, key) for key in keys] or [_user_row(user)])
        if root is not None:
            self._roots.writerow(_root_row(root))

    def _begin(self, file: Path) -> TextIO:
        made = self._stack.enter_context(_new(file))
        self._begun.append(_part(file))
        return made

    def deliver(self) -> Sequence[str]:
        """Give the files their names, bring them to where they are wanted, and return how they are called there."""
        self._stack.close()
        for file in self.files:
            _part(file).replace(file)
        return [self._bring(file) for file in self.files]

    def give_up(self) -> None:
        """Remove what was begun, if it was not delivered."""
        self._stack.close()
        for part in self._begun:
            part.unlink(missing_ok=True)


def _place(url: str) -> tuple[str, str]:
    bucket, _, prefix = url.removeprefix(_S3).partition("/")
    if not bucket:
        message = f"{url!r} names no place in S3: write s3://bucket/prefix"
        raise ConfigError(message)
    return bucket, prefix.strip("/")


def _uploaded(put: Put, bucket: str, prefix: str, file: Path) -> str:
    name = f"{prefix}/{file.name}" if prefix else file.name
    put(bucket, name, file)
    return f"{_S3}{bucket}/{name}"


def _new(file: Path) -> TextIO:
    """Open a new file that its owner alone may read: it names people, and says who has no MFA."""
    if file.exists():
        raise FileExistsError(None, "it exists already", str(file))
    descriptor = os.open(_part(file), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")


def _part(file: Path) -> Path:
    return file.with_name(file.name + ".part")


def _key_row(user: ReportedUser, key: Finding) -> Row:
    facts = key.key_facts
    return (
        *_person(user),
        str(key.key_id),
        facts.status.value,
        str(facts.created_at),
        _date(facts.last_use.at, _NEVER_USED),
        for_csv(facts.last_use.service or _NOTHING),
        _device(user),
    )


def _user_row(user: ReportedUser) -> Row:
    # There is no column that tells of other credentials. Without a date, no reader can count such a user as unused.
    made = None if user.other_credentials else user.facts.created_at
    return (*_person(user), "", "", str(made) if made is not None else "", _NEVER_USED, _NOTHING, _device(user))


def _person(user: ReportedUser) -> Row:
    facts = user.facts
    return (
        user.account_id,
        for_csv(user.account_name),
        # As it is, even where a spreadsheet takes it for a formula: the name is who this is about, and is read back.
        user.username,
        _SET if facts.console else _NOT_SET,
        _date(facts.password_last_used, _NEVER),
    )


def _device(user: ReportedUser) -> str:
    return _SOME_DEVICE if user.facts.mfa else _NO_DEVICE


def _root_row(root: Finding) -> Row:
    facts = root.root_facts
    return (
        root.account_id,
        for_csv(root.account_name),
        str(facts.mfa),
        str(facts.access_key),
        _date(facts.last_login, _NEVER),
    )


def _date(at: datetime | None, never: str) -> str:
    return str(at) if at is not None else never
