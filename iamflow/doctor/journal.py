"""Whether the journal can be signed, and has been left alone."""

from collections.abc import Iterator

from iamflow.doctor import database
from iamflow.doctor.result import Check, Patient, Result, failed, not_examined, ok

KEY, _HEAD = "journal key", "journal"
_KEY_REMEDY = (
    "let its owner alone read it (0600), or restore the key that journal.key names from where it was backed up; "
    "for a new database: iamflow init"
)


def key(patient: Patient) -> Iterator[Result]:
    """Tell whether the key can be read, by nobody else, and is the one that the database was bound to."""
    patient.app.check_journal_key()
    if database.NAME in patient.failed:
        # Read, but not known to be the right one: whatever needs the database needs this too.
        yield not_examined(KEY, database.NAME)
        return
    patient.app.check_binding()
    yield ok(KEY, "it can be read by iamflow alone, and is the one that the database was begun with")


def head(patient: Patient) -> Iterator[Result]:
    """Tell whether the newest checkpoint adds up, or, where that was asked for, the whole journal."""
    full = patient.options.full
    faults = patient.app.journal_faults(full=full)
    if faults:
        first = f"{faults[0].where}: {faults[0].sentence}"
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        remedy = "iamflow freeze on, find out who wrote the database, and see iamflow audit verify"
        yield failed(_HEAD, f"{first}{more}", remedy)
    elif full:
        yield ok(_HEAD, "every event and every checkpoint adds up")
    else:
        yield ok(_HEAD, "the newest checkpoint adds up (--full examines all of it)")


CHECKS = (
    Check(name=KEY, run=key, remedy=_KEY_REMEDY),
    Check(name=_HEAD, run=head, remedy="iamflow audit verify", needs=(database.NAME, KEY)),
)
