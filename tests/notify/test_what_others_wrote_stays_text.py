"""Names, user agents and comments come from others: none of them can add a header, hide, reorder, or reach the templates."""

from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain.notice import NoticeKind
from iamflow.notify.mail import compose
from tests.notify.letters import CALL, NOW, PROMISED, SENDER, notice, read_mail, text_of
from tests.notify.test_every_notice_says_what_it_must import EXAMPLES

HEADERS = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Iamflow-Ticket",
    "X-Iamflow-Notice",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
]

NASTY = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("\r\n\t\0\x1b\x85\u2028\u2029\u202e\u2066\u200b\ufeff{}%#:,<>@=?"),
    ),
    max_size=400,
)


@given(kind=st.sampled_from(list(EXAMPLES)), username=NASTY, account_name=NASTY, headline=NASTY, agent=NASTY)
def test_no_text_adds_a_header_or_an_invisible_character(
    kind: NoticeKind, username: str, account_name: str, headline: str, agent: str
) -> None:
    told = notice(
        kind,
        username=username,
        account_name=account_name,
        headline=headline,
        reasons=[headline],
        comment=headline,
        evidence=[CALL | {"user_agent": agent}],
        applications=[CALL | {"user_agent": agent, "count": 2}],
    )

    mail = read_mail(compose(told, PROMISED, sender=SENDER, now=NOW).as_bytes())

    assert mail.keys() == HEADERS
    assert not mail.defects
    assert [address.addr_spec for address in mail["To"].addresses] == list(told.recipients)
    assert mail["Subject"].isprintable()
    assert text_of(mail).replace("\n", "").isprintable()


def test_a_line_break_in_a_name_is_shown_and_not_obeyed() -> None:
    mail = compose(notice(username="eve\r\nBcc: all@example.com"), PROMISED, sender=SENDER, now=NOW)

    assert mail["Bcc"] is None
    assert r"eve\x0d\x0aBcc: all@example.com" in mail["Subject"]


def test_a_name_that_looks_like_a_template_is_shown_as_it_is() -> None:
    mail = compose(notice(username="{{ 7*7 }}{% if %}"), PROMISED, sender=SENDER, now=NOW)

    assert "{{ 7*7 }}{% if %}" in text_of(mail)


def test_an_address_in_a_user_agent_is_no_link() -> None:
    call = CALL | {"user_agent": "see https://evil.example/login"}

    mail = compose(notice(NoticeKind.ROLLED_BACK, evidence=[call]), None, sender=SENDER, now=NOW)

    assert "https[:]//evil.example/login" in text_of(mail)
    assert "://" not in text_of(mail)


def test_a_key_id_is_masked_wherever_it_stands() -> None:
    whole = "AKIAYF5JKDJQS3LDLOIV"
    told = notice(
        NoticeKind.ROLLED_BACK,
        headline=f"{whole} is Active again",
        reasons=[f"a session of {whole} still works"],
        evidence=[CALL | {"event": f"UpdateAccessKey {whole}"}],
        comment=f"keep {whole}",
    )

    content = compose(told, None, sender=SENDER, now=NOW)

    assert whole not in text_of(content) + content["Subject"]
    assert text_of(content).count("AKIAYF5JKDJQS*******") == 5


def test_a_very_long_name_is_cut_and_a_long_sentence_is_not() -> None:
    told = notice(NoticeKind.ATTENTION, username="u" * 5_000, headline="s" * 1_500)

    mail = compose(told, None, sender=SENDER, now=NOW)

    assert len(mail["Subject"]) <= 200
    assert "u" * 301 not in text_of(mail)
    assert "s" * 1_499 in text_of(mail)
