"""Runs the checks, one after the other, whatever any of them finds."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from iamflow.bootstrap import application
from iamflow.doctor import accounts, channels, database, host, hub, journal, organisation, protection, settings, work
from iamflow.doctor.result import Check, Options, Patient, Result, Status, failed, not_examined
from iamflow.domain.errors import ConfigError, IamflowError

CHECKS: tuple[Check, ...] = (
    *settings.CHECKS,
    *database.CHECKS,
    *journal.CHECKS,
    *host.CHECKS,
    *organisation.CHECKS,
    *accounts.CHECKS,
    *channels.CHECKS,
    *work.CHECKS,
    *hub.CHECKS,
    *protection.CHECKS,
)


def examine(config: Path | None, options: Options) -> Iterator[Result]:
    """Yield what each check says, as soon as it is known. Where the settings cannot be read, only that can be told."""
    with ExitStack() as stack:
        try:
            app = stack.enter_context(application(config, writer="doctor"))
        except (ConfigError, OSError) as error:
            yield failed(settings.NAME, str(error), settings.REMEDY)
            yield from (not_examined(check.name, settings.NAME) for check in CHECKS[1:])
            return
        patient = Patient(app=app, options=options)
        for check in CHECKS:
            bad = False
            for result in _results(check, patient):
                bad = bad or result.status is Status.FAILED
                yield result
            if bad:
                patient = replace(patient, failed=patient.failed | {check.name})


def _results(check: Check, patient: Patient) -> Iterator[Result]:
    """Run one check; an error that it did not expect is what it says."""
    needed = next((name for name in check.needs if name in patient.failed), None)
    if needed is not None:
        yield not_examined(check.name, needed)
        return
    try:
        yield from check.run(patient)
    except (IamflowError, OSError) as error:
        yield failed(check.name, str(error), check.remedy)
