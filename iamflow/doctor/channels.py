"""Whether people can be told."""

from collections.abc import Iterator

from iamflow.doctor.result import Check, Patient, Result, failed, ok, warning
from iamflow.domain.errors import IamflowError
from iamflow.domain.states import Mode

_REMEDIES = {
    "smtp": "correct notify.smtp and notify.sender, or ask whoever runs the mail server to let this host in",
    "file": "let iamflow write to the folder that notify.file.folder names, or name another",
}


def channels(patient: Patient) -> Iterator[Result]:
    """Do with each channel all that sending takes, except sending. Whoever only observes needs none of them yet."""
    notify = patient.app.settings.notify
    told = {
        "smtp": f"{notify.smtp.host}:{notify.smtp.port} takes mail from iamflow; nothing was sent",
        "file": f"notices can be left in {patient.app.settings.path(notify.file.folder)}",
    }
    for channel in notify.channels:
        name = f"channel {channel}"
        try:
            patient.app.try_channel(channel)
        except IamflowError as error:
            if patient.app.settings.mode is Mode.OBSERVE:
                yield warning(name, f"{error}; mode observe tells nobody", f"before mode enforce: {_REMEDIES[channel]}")
            else:
                yield failed(name, str(error), _REMEDIES[channel])
        else:
            yield ok(name, told[channel])


CHECKS = (Check(name="channels", run=channels, remedy="correct notify in the settings"),)
