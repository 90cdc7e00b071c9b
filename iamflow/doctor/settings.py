"""Whether the settings can be used, and what they let iamflow do."""

from collections.abc import Iterator

from iamflow.doctor.result import Check, Patient, Result, ok, warning
from iamflow.domain.states import Mode

NAME = "settings"
REMEDY = "correct the settings; config.example.yaml explains every one of them"


def settings(patient: Patient) -> Iterator[Result]:
    """Tell the mode, and where iamflow may act."""
    # Reads owners.map too, which loading the settings does not.
    policy = patient.app.settings.policy()
    scope = policy.scope
    if policy.mode is Mode.OBSERVE:
        yield ok(NAME, "mode observe: everything is planned, no new step is taken and nobody is told")
    elif scope.enforce is None:
        yield ok(NAME, "mode enforce: iamflow acts in every account that is looked at (accounts.enforce: all)")
    elif scope.enforce:
        yield ok(NAME, f"mode enforce: iamflow acts in {', '.join(sorted(scope.enforce))}")
    else:
        remedy = "name accounts under accounts.enforce, non-production first, or set mode: observe"
        yield warning(NAME, "mode enforce, but accounts.enforce names no account: nothing will be done", remedy)


CHECKS = (Check(name=NAME, run=settings, remedy=REMEDY),)
