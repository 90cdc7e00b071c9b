from collections.abc import Iterator

import pytest

from iamflow.notify.smtp import SmtpChannel, SmtpSettings
from tests.notify.letters import SENDER, StillClock
from tests.notify.sink import Sink, serving


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A mail server that takes everything until it is told otherwise."""
    with serving(Sink()) as server:
        yield server


@pytest.fixture
def smtp(sink: Sink) -> SmtpChannel:
    """The channel to that server."""
    return SmtpChannel(SmtpSettings(host="localhost", port=sink.port, sender=SENDER, timeout=5), StillClock())
