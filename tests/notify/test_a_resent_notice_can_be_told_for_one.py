"""A mail whose acceptance was lost is sent again, and bears the same Message-ID; another notice never does."""

from datetime import timedelta

import pytest

from iamflow.domain.notice import Notice
from iamflow.notify.mail import compose, message_id
from iamflow.notify.smtp import SmtpChannel
from tests.notify.letters import NOW, PROMISED, SENDER, notice
from tests.notify.sink import Sink


def test_a_second_try_bears_the_same_id_at_another_time_and_with_a_later_date() -> None:
    first = compose(notice(), PROMISED, sender=SENDER, now=NOW)
    second = compose(notice(), PROMISED + timedelta(hours=1), sender=SENDER, now=NOW + timedelta(hours=1))

    assert first["Message-ID"] == second["Message-ID"]


def test_the_id_reaches_the_server_as_it_is(sink: Sink, smtp: SmtpChannel) -> None:
    smtp.send(notice(), PROMISED)
    smtp.send(notice(), PROMISED)

    assert {mail["Message-ID"] for mail in sink.mails} == {message_id(notice(), SENDER)}
    assert message_id(notice(), SENDER).endswith("@example.com>")


@pytest.mark.parametrize(
    "other",
    [
        notice(dedupe_key="t12:notice:2"),
        notice(account_id="999999999999"),
        notice(key_masked="AKIAI44QH8DHB*******"),
        notice(created_at="2024-01-01T00:00:00+00:00"),
    ],
)
def test_another_notice_or_the_same_ticket_number_elsewhere_bears_another(other: Notice) -> None:
    assert message_id(other, SENDER) != message_id(notice(), SENDER)
