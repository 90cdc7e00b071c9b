"""The files that the audit tool writes, written from a live scan: the same columns and words, for programs that read them.

Two things are different. Users without access keys are in the file too: their cells about a key are empty, and ``created_date`` is
when the user was made. And the credential report does not tell what kind of MFA device a user has: ``Virtual`` stands for any.
"""

import csv
import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TextIO

from iamflow.domain.encoding import for_csv
from iamflow.domain.errors import InputError
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

Row = Sequence[str]


class AuditFiles:
    """Both files of one scan, in a folder. They get their names once they are whole; until then they end in ``.part``."""

    def __init__(self, folder: Path, at: datetime) -> None:
        """Begin the files, named after the time (UTC). Raises ``InputError`` where they cannot be written."""
        stamp = f"{at:%Y%m%d_%H%M%S}"
        self.files = tuple(folder / f"{name}_{stamp}.csv" for name in (USERS, ROOTS))
        self._stack = ExitStack()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._users, self._roots = (csv.writer(self._stack.enter_context(_new(file))) for file in self.files)
        except OSError as error:
            self._stack.close()
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

    def finish(self) -> tuple[Path, ...]:
        """Give the files their names, and return them."""
        self._stack.close()
        for file in self.files:
            _part(file).replace(file)
        return self.files

    def give_up(self) -> None:
        """Remove what was begun, if it was not finished."""
        self._stack.close()
        for file in self.files:
            _part(file).unlink(missing_ok=True)


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
