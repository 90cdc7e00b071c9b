"""Whether a PostgreSQL server is one to work on, and what to do where it cannot be reached."""

from collections.abc import Iterator
from datetime import timedelta

from iamflow.doctor.result import Check, Patient, Result, failed, ok, warning

_SERVER, _LOCKS = "postgresql", "database locks"

_OLDEST = 14
"""The oldest major version that the PostgreSQL project still looks after."""

_LINGERING = timedelta(minutes=1)
"""None of iamflow's own transactions takes nearly as long, but for an import or a look at the whole journal."""

_GUIDE = "docs/how-to/postgresql.md"
_REMEDIES = (
    ("password authentication failed", "put the right password where the server's administrator and ~/.pgpass agree"),
    ("no password supplied", f"put the password into ~/.pgpass, or name its file with passfile= in the URL ({_GUIDE})"),
    ("no pg_hba.conf entry", "let this host, role and database in: the server's pg_hba.conf"),
    ("permission denied for database", f"GRANT CONNECT on the database to the role ({_GUIDE})"),
    ("too many connections", "let the server take more connections (max_connections), or end some"),
    ("remaining connection slots", "let the server take more connections (max_connections), or end some"),
    ('database "', f"make the database: CREATE DATABASE … OWNER … ({_GUIDE}), then run: iamflow db upgrade"),
    ('role "', f"make the role: CREATE ROLE … LOGIN ({_GUIDE}), or correct the name in database.url"),
    ("Connection refused", "start the server, or correct host and port in database.url"),
    ("No such file or directory", "start the server, or correct the socket's folder (host=) in database.url"),
    ("resolve host", "correct the host in database.url, or this host's name service"),
    ("timeout expired", "make a way to the server: firewall, host and port in database.url"),
    ("certificate", "put the server's authority into sslrootcert, and name the host as its certificate does"),
)
"""What the server or its library says, in English, and what to do about it; the first that fits."""


def remedy(sentence: str) -> str | None:
    """Return what to do about a connection that failed; None where the reason is not known."""
    return next((found for said, found in _REMEDIES if said in sentence), None)


def server(patient: Patient) -> Iterator[Result]:
    """Tell which server it is, and whether our role can work there and can do no more than that."""
    health = patient.app.server_health(_LINGERING)
    if health is None:
        return
    sentence = f"PostgreSQL {health.version}, as role {health.role}"
    if health.standby:
        yield failed(
            _SERVER,
            f"{sentence}: it only follows another server, and takes no writes",
            "name the primary in database.url; of several hosts, target_session_attrs=read-write finds it",
        )
    elif health.missing:
        yield failed(
            _SERVER,
            f"{sentence}, which may not do all that it must: {_some(health.missing)}",
            f"grant it, as the owner of the tables ({_GUIDE})",
        )
    elif health.superuser:
        yield warning(_SERVER, f"{sentence}, a superuser", f"give iamflow a role of its own with less ({_GUIDE})")
    elif not health.local and not health.encrypted:
        yield warning(_SERVER, f"{sentence}, over a network in the clear", "add sslmode=verify-full to database.url")
    elif health.major < _OLDEST:
        yield warning(_SERVER, f"{sentence}, which nobody looks after any more", f"use version {_OLDEST} or later")
    else:
        yield ok(_SERVER, f"{sentence}, {'by a local socket' if health.local else 'encrypted'}")


def locks(patient: Patient) -> Iterator[Result]:
    """Tell who is in the way: a migration that is under way, a session that has forgotten its transaction."""
    health = patient.app.server_health(_LINGERING)
    if health is None:
        return
    if health.migration is not None:
        yield warning(_LOCKS, f"a migration is under way, by {health.migration}", "wait for it, or end that session")
    elif health.lingering:
        yield warning(
            _LOCKS,
            f"a transaction has been open for long: {_some(health.lingering)}",
            "end that session: an upgrade would wait for it in vain",
        )
    else:
        yield ok(_LOCKS, "nobody is in the way of a migration")


def _some(things: tuple[str, ...]) -> str:
    """Return the first few of many."""
    shown = "; ".join(things[:3])
    return f"{shown} and {len(things) - 3} more" if len(things) > 3 else shown  # noqa: PLR2004 - what fits on a line


CHECKS = (
    Check(name=_SERVER, run=server, remedy="look at the server's log", needs=("database",)),
    Check(name=_LOCKS, run=locks, remedy="look at the server's log", needs=("database",)),
)
