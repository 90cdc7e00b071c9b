"""Who this host is to AWS, and whether the two agree about the time."""

from collections.abc import Iterator
from datetime import timedelta

from iamflow.doctor.result import Check, Patient, Result, failed, ok, warning
from iamflow.domain.errors import IamflowError

IDENTITY, _CLOCK = "aws identity", "clock"
_NOTICED = timedelta(minutes=1)
_ROOT = ":root"
_SET = "set the host's clock, and keep it with chrony or systemd-timesyncd"
_CREDENTIALS = "give this host a role, a profile or a sign-in that works, and a way to STS"


def identity(patient: Patient) -> Iterator[Result]:
    """Tell whose credentials this host has."""
    patient.app.aws.require_credentials()
    try:
        arn = patient.app.aws.host_arn()
    except IamflowError as error:
        if not patient.app.settings.aws.profiles:
            raise
        yield warning(IDENTITY, f"{error}; only the accounts under aws.profiles can be reached", _CREDENTIALS)
        return
    if arn.endswith(_ROOT):
        remedy = "give this host a role of its own, and delete the root user's access keys"
        yield failed(IDENTITY, f"this host is the root user of an account ({arn})", remedy)
    else:
        yield ok(IDENTITY, f"this host is {arn}")


def clock(patient: Patient) -> Iterator[Result]:
    """Tell how far this host's clock is from AWS's."""
    try:
        at = patient.app.aws.time()
    except IamflowError as error:
        # Whatever keeps this host from AWS is told once, as its identity's fault.
        yield warning(
            _CLOCK, f"AWS's time is not known: {error}", f"put {IDENTITY} right, then run iamflow doctor again"
        )
        return
    if at is None:
        yield warning(_CLOCK, "AWS's answer has no date to compare with", "look for a proxy that removes headers")
        return
    # AWS tells whole seconds.
    apart = timedelta(seconds=round((patient.now - at).total_seconds()))
    most = patient.app.settings.timing.clock_skew
    sentence = f"this host's clock is {apart.total_seconds():+.0f} s from AWS's"
    if abs(apart) > most:
        yield failed(_CLOCK, f"{sentence}: nothing is begun until it is right", _SET)
    elif abs(apart) > min(_NOTICED, most):
        yield warning(_CLOCK, sentence, _SET)
    else:
        yield ok(_CLOCK, sentence)


CHECKS = (
    Check(name=_CLOCK, run=clock, remedy=_SET),
    Check(name=IDENTITY, run=identity, remedy=_CREDENTIALS),
)
