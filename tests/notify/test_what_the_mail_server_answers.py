"""A mail counts as accepted when the server has said so, and what it says otherwise decides whether it is tried again."""

import logging

import pytest

from iamflow.domain.errors import ConfigError, PermanentError, TemporaryError
from iamflow.domain.notice import NoticeKind
from iamflow.notify.smtp import SmtpChannel, SmtpSettings
from tests.notify.letters import NOW, OWNER, PROMISED, SENDER, TEAM, StillClock, notice
from tests.notify.sink import Sink, free_port

BOTH = (OWNER, TEAM)


def test_an_accepted_notice_is_at_the_server_with_sender_recipients_and_date(sink: Sink, smtp: SmtpChannel) -> None:
    smtp.send(notice(NoticeKind.ROLLED_BACK, recipients=BOTH), None)

    assert sink.senders == [SENDER]
    assert sink.recipients == [BOTH]
    [mail] = sink.mails
    assert mail["From"].addresses[0].addr_spec == SENDER
    assert [address.addr_spec for address in mail["To"].addresses] == list(BOTH)
    assert mail["Date"].datetime == NOW
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Reply-To"].addresses[0].addr_spec == TEAM


def test_a_mail_is_seven_bits_in_lines_that_every_server_takes(sink: Sink, smtp: SmtpChannel) -> None:
    smtp.send(notice(account_name="Zahlungsverkehr Österreich", headline="é" * 900), PROMISED)

    assert sink.raw[0].isascii()
    assert max(map(len, sink.raw[0].split(b"\r\n"))) <= 78


@pytest.mark.parametrize("answer", ["451 try again later", "421 closing"])
def test_a_temporary_answer_to_the_mail_is_tried_again(sink: Sink, smtp: SmtpChannel, answer: str) -> None:
    sink.to_data = answer

    with pytest.raises(TemporaryError, match=answer[:3]):
        smtp.send(notice(), PROMISED)


def test_a_final_answer_to_the_mail_is_a_failure_for_good(sink: Sink, smtp: SmtpChannel) -> None:
    sink.to_data = "554 no such luck"

    with pytest.raises(PermanentError, match="554 no such luck"):
        smtp.send(notice(), PROMISED)


@pytest.mark.parametrize(("answer", "error"), [("450 greylisted", TemporaryError), ("553 not you", PermanentError)])
def test_an_answer_to_the_sender_is_judged_by_its_code(
    sink: Sink, smtp: SmtpChannel, answer: str, error: type[Exception]
) -> None:
    sink.to_sender = answer

    with pytest.raises(error, match=answer[:3]):
        smtp.send(notice(), PROMISED)


@pytest.mark.parametrize(("answer", "error"), [("450 greylisted", TemporaryError), ("550 unknown", PermanentError)])
def test_a_refused_recipient_is_named_with_the_answer(
    sink: Sink, smtp: SmtpChannel, answer: str, error: type[Exception]
) -> None:
    sink.refusals[OWNER] = answer

    with pytest.raises(error, match=f"{OWNER} .{answer}"):
        smtp.send(notice(), PROMISED)


def test_recipients_refused_for_different_reasons_are_tried_again_while_one_may_be_taken(
    sink: Sink, smtp: SmtpChannel
) -> None:
    sink.refusals = {OWNER: "550 unknown", TEAM: "450 later"}

    with pytest.raises(TemporaryError):
        smtp.send(notice(NoticeKind.HELD, recipients=BOTH), None)


def test_a_promise_that_not_every_recipient_got_is_not_accepted(sink: Sink, smtp: SmtpChannel) -> None:
    sink.refusals[OWNER] = "550 unknown"

    with pytest.raises(PermanentError, match="550"):
        smtp.send(notice(recipients=BOTH), PROMISED)


def test_news_that_reached_somebody_is_accepted_and_the_refused_address_is_logged(
    sink: Sink, smtp: SmtpChannel, caplog: pytest.LogCaptureFixture
) -> None:
    sink.refusals[OWNER] = "550 unknown"

    with caplog.at_level(logging.WARNING, "iamflow"):
        smtp.send(notice(NoticeKind.DELETED, recipients=BOTH), None)

    assert sink.recipients == [(TEAM,)]
    assert f"{OWNER} (550 unknown)" in caplog.text


def test_a_server_that_hangs_up_before_it_answers_has_not_accepted(sink: Sink, smtp: SmtpChannel) -> None:
    sink.to_data = None

    with pytest.raises(TemporaryError):
        smtp.send(notice(), PROMISED)


def test_a_server_that_is_not_there_is_tried_again_and_named() -> None:
    port = free_port()
    channel = SmtpChannel(SmtpSettings(host="localhost", port=port, sender=SENDER, timeout=5), StillClock())

    with pytest.raises(TemporaryError, match=f"localhost:{port} cannot be reached"):
        channel.send(notice(), PROMISED)


def test_a_host_that_is_no_name_is_an_error_of_one_line() -> None:
    channel = SmtpChannel(SmtpSettings(host="mail..example", sender=SENDER, timeout=5), StillClock())

    with pytest.raises(TemporaryError, match="cannot be reached"):
        channel.send(notice(), PROMISED)


def test_the_servers_words_cannot_begin_another_line(sink: Sink, smtp: SmtpChannel) -> None:
    sink.to_data = "554 go \x1b[31maway"

    with pytest.raises(PermanentError) as refused:
        smtp.send(notice(), PROMISED)

    assert str(refused.value).isprintable()


@pytest.mark.parametrize("sender", ["", "iamflow", "a@example.com\nBcc: b@example.com", "a@example.com, b@example.com"])
def test_a_sender_that_is_not_one_address_is_refused_before_anything_is_sent(sender: str) -> None:
    with pytest.raises(ConfigError, match=r"notify\.sender"):
        SmtpChannel(SmtpSettings(host="localhost", sender=sender), StillClock())


@pytest.mark.parametrize("recipient", ["", "maria", "a@example.com\r\nBcc: b@example.com", "<a@example.com>"])
def test_a_recipient_that_is_not_one_address_is_refused(sink: Sink, smtp: SmtpChannel, recipient: str) -> None:
    with pytest.raises(PermanentError, match="not a mail address"):
        smtp.send(notice(recipients=(OWNER, recipient)), PROMISED)

    assert sink.mails == []


def test_a_notice_to_nobody_is_refused(sink: Sink, smtp: SmtpChannel) -> None:
    with pytest.raises(PermanentError, match="nobody"):
        smtp.send(notice(recipients=()), PROMISED)
