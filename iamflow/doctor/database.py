"""Whether the database is there, is this program's, and lies where it is safe."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from iamflow.doctor import postgresql
from iamflow.doctor.result import Check, Patient, Result, failed, ok, warning
from iamflow.domain.errors import TemporaryError

NAME = "database"
_FILES, _DISK, _SQLITE, _SCHEMA = "database files", "disk", "sqlite", "schema"

_OTHERS = 0o077
_MIB = 1024 * 1024
_LITTLE, _TOO_LITTLE = 1024 * _MIB, 64 * _MIB
"""Free bytes: a report of 100,000 rows takes about 100 MiB while it is imported."""

_MOUNTS = Path("/proc/self/mounts")
_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs", "lustre")
"""File systems on which locks are not to be relied on (sqlite.org/howtocorrupt.html, section 2), by how they begin."""
_UPGRADE = "iamflow db upgrade"
_REMEDY = f"check database.url and the server; for a new database run: {_UPGRADE}"


def database(patient: Patient) -> Iterator[Result]:
    """Tell whether it can be reached, and has the schema that this program was written for."""
    try:
        found, wanted = patient.app.schema_current(), patient.app.schema_wanted()
    except TemporaryError as error:
        yield failed(NAME, str(error), postgresql.remedy(str(error)) or _REMEDY)
        return
    if found is None:
        yield failed(NAME, "there is no database yet", f"run: {_UPGRADE}")
    elif found < wanted:
        yield failed(NAME, f"its schema is {found}, and has to be {wanted}", f"run: {_UPGRADE}")
    elif found > wanted:
        remedy = "use the iamflow that made it, or a later one"
        yield failed(NAME, f"its schema is {found}, newer than this iamflow ({wanted})", remedy)
    else:
        yield ok(NAME, f"reached; its schema is {found}, as this iamflow wants it")


def schema(patient: Patient) -> Iterator[Result]:
    """Tell whether the tables are those that this program was written for."""
    differences = patient.app.schema_check()
    if differences:
        remedy = "undo what was changed by hand, or restore a backup: iamflow db check lists the differences"
        yield failed(_SCHEMA, f"{len(differences)} differences from the tables that this iamflow expects", remedy)
    else:
        yield ok(_SCHEMA, "the tables are those that this iamflow expects")


def files(patient: Patient) -> Iterator[Result]:
    """Tell whether anybody else can read the database's files."""
    health = patient.app.sqlite_health()
    if health is None:
        return
    open_to_others = [path for path in health.files if path.stat().st_mode & _OTHERS]
    if open_to_others:
        names = ", ".join(str(path) for path in open_to_others)
        yield failed(_FILES, f"others may reach {names}", f"chmod 600 {' '.join(map(str, open_to_others))}")
    else:
        yield ok(_FILES, f"only their owner may read {health.file} and what lies beside it")


def disk(patient: Patient) -> Iterator[Result]:
    """Tell how much room is left where the database lies."""
    health = patient.app.sqlite_health()
    if health is None:
        return
    free = shutil.disk_usage(health.file.parent).free
    sentence = f"{free // _MIB} MiB are free in {health.file.parent}"
    if free < _TOO_LITTLE:
        yield failed(_DISK, sentence, "make room: without it nothing can be recorded, and so nothing is done")
    elif free < _LITTLE:
        yield warning(_DISK, sentence, "make room: keep 1 GiB free")
    else:
        yield ok(_DISK, sentence)


def sqlite(patient: Patient) -> Iterator[Result]:
    """Tell whether this SQLite, its journal mode and the file system go together."""
    health = patient.app.sqlite_health()
    if health is None:
        return
    sentence = f"SQLite {health.version}, journal mode {health.journal_mode}"
    network = _network(health.file, _mounts())
    if health.journal_mode != health.safe_mode:
        remedy = "let no other program write the database; iamflow sets the mode at its next connection"
        yield warning(_SQLITE, f"{sentence}, though {health.safe_mode} is safe with this version", remedy)
    elif network is not None:
        remedy = "move the database to a local disk, or use PostgreSQL: locks over a network are not to be relied on"
        yield warning(_SQLITE, f"{sentence}, on a network file system ({network})", remedy)
    else:
        yield ok(_SQLITE, sentence)


def _mounts() -> str:
    try:
        return _MOUNTS.read_text("utf-8", "surrogateescape")
    except OSError:
        return ""


def _network(file: Path, mounts: str) -> str | None:
    """Return the kind of network file system that holds the file, None for a local one and where it is not known."""
    place = os.fspath(file.resolve())
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:  # noqa: PLR2004 - device, place, kind (proc(5), fstab(5))
            continue
        at = fields[1].replace("\\040", " ")
        # The last of two that are mounted at one place is the one that is seen.
        if len(at) >= len(best) and (place == at or place.startswith(at.rstrip("/") + "/")):
            best, kind = at, fields[2]
    return kind if kind.startswith(_NETWORK) else None


CHECKS = (
    Check(name=NAME, run=database, remedy=_REMEDY),
    Check(name=_SCHEMA, run=schema, remedy="restore a backup of the database", needs=(NAME,)),
    Check(name=_FILES, run=files, remedy="make the database's folder readable for iamflow", needs=(NAME,)),
    Check(name=_DISK, run=disk, remedy="make the database's folder readable for iamflow", needs=(NAME,)),
    Check(name=_SQLITE, run=sqlite, remedy="restore a backup of the database", needs=(NAME,)),
    *postgresql.CHECKS,
)
