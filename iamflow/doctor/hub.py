"""Whether Security Hub takes what it is told, where the settings want it told."""

from collections.abc import Iterator

from iamflow.doctor import database, journal, settings
from iamflow.doctor.result import Check, Patient, Result, ok, warning

NAME = "security hub"
_SHOWN = 100
_REMEDY = "put right what it says, then run iamflow finding push (docs/how-to/security-hub.md); it is told again by itself, too"


def security_hub(patient: Patient) -> Iterator[Result]:
    """Tell what Security Hub has not accepted, in one line; nothing where it is not to be told."""
    if not patient.app.settings.security_hub.enabled:
        return
    waiting = patient.app.store.untold_errors(_SHOWN)
    if not waiting:
        yield ok(NAME, "it is told how tickets stand, and has accepted everything so far")
        return
    accounts = len({one.account_id for one in waiting})
    number = f"{len(waiting)}" if len(waiting) < _SHOWN else f"{_SHOWN} or more"
    sentence = f"{number} findings of {accounts} accounts wait to be accepted; one of them: {waiting[0].error}"
    yield warning(NAME, sentence, _REMEDY)


CHECKS = (Check(name=NAME, run=security_hub, remedy=_REMEDY, needs=(settings.NAME, database.NAME, journal.KEY)),)
