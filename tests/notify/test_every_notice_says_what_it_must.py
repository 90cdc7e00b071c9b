"""Each kind of notice, word for word, as a mail program would get it; and what may never be missing from one."""

from pathlib import Path

import pytest

from iamflow.domain.errors import PermanentError
from iamflow.domain.notice import Notice, NoticeKind
from iamflow.notify.mail import compose
from tests.notify.letters import CALL, CONTEXT, NOW, OWNER, PROMISED, SENDER, TEAM, notice, read_mail, text_of

GOLDEN = Path(__file__).parent / "golden"

USED = CALL | {"count": 4, "error": None}
SENTENCE = "the key called s3.amazonaws.com ListBuckets in eu-west-1 after its deactivation (AccessDenied)"

EXAMPLES = {
    NoticeKind.KEY_DEACTIVATION: notice(),
    NoticeKind.REMINDER: notice(NoticeKind.REMINDER, last_used_at=None, last_used_service=None),
    NoticeKind.DEACTIVATED: notice(NoticeKind.DEACTIVATED, recipients=(OWNER, TEAM), applications=[USED]),
    NoticeKind.ROLLED_BACK: notice(
        NoticeKind.ROLLED_BACK,
        recipients=(OWNER, TEAM),
        headline="the key is Active again",
        reasons=[SENTENCE],
        evidence=[CALL],
        applications=[USED],
        comment="the owner asked for it",
    ),
    NoticeKind.BROWNED_OUT: notice(
        NoticeKind.BROWNED_OUT,
        recipients=(OWNER, TEAM),
        headline="calls signed with the key are denied until 2026-12-01 04:12 UTC, to see whether anything still depends on it",
        applications=[USED],
        brownout="4 hours",
        was_deactivated=False,
    ),
    NoticeKind.HELD: notice(
        NoticeKind.HELD,
        headline="a new access key was made for the user on 2026-12-02 10:00 UTC",
        reasons=["a new access key was made for the user on 2026-12-02 10:00 UTC"],
        evidence=[CALL | {"source": None, "region": None, "source_ip": None, "user_agent": None, "error": None}],
    ),
    NoticeKind.DELETED: notice(NoticeKind.DELETED, headline="the key was deleted", contact=None),
    NoticeKind.APPROVAL_NEEDED: notice(
        NoticeKind.APPROVAL_NEEDED,
        recipients=(TEAM,),
        headline="the deactivation of this key needs an approval",
        reasons=["the key was used on 2026-11-23 08:30 UTC, less than 7 days ago"],
        owner=None,
        applications=[USED],
    ),
    NoticeKind.ATTENTION: notice(
        NoticeKind.ATTENTION, recipients=(TEAM,), headline="nobody is known to own this key", account_name=""
    ),
}


def promise(kind: NoticeKind) -> bool:
    return kind in {NoticeKind.KEY_DEACTIVATION, NoticeKind.REMINDER}


def composed(example: Notice) -> bytes:
    promised_at = PROMISED if promise(example.kind) else None
    return compose(example, promised_at, sender=SENDER, now=NOW).as_bytes()


def text(example: Notice) -> str:
    return text_of(read_mail(composed(example)))


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_mail_is_word_for_word_the_one_that_was_agreed(kind: NoticeKind) -> None:
    assert composed(EXAMPLES[kind]) == (GOLDEN / f"{kind.value}.eml").read_bytes()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_notice_names_ticket_account_user_and_masked_key(kind: NoticeKind) -> None:
    words = text(EXAMPLES[kind])

    for wanted in ("012345678901", "svc-billing", "AKIAYF5JKDJQS*******", "ticket 12"):
        assert wanted in words


@pytest.mark.parametrize("kind", [NoticeKind.KEY_DEACTIVATION, NoticeKind.REMINDER])
def test_the_date_told_is_the_one_promised_at_sending_and_not_an_older_one(kind: NoticeKind) -> None:
    mail = read_mail(composed(EXAMPLES[kind]))

    assert "Tuesday 2026-12-01 00:12 UTC" in text_of(mail)
    assert "2026-12-01" in mail["Subject"]
    assert "2026-11-30" not in text_of(mail) + mail["Subject"]


def test_the_first_notice_tells_age_last_use_service_and_whom_to_ask() -> None:
    words = text(EXAMPLES[NoticeKind.KEY_DEACTIVATION])

    for wanted in ("2025-11-24 00:06:02 UTC, 365 days ago", "2026-10-01 08:30 UTC, service s3", TEAM):
        assert wanted in words


def test_a_key_without_a_use_on_record_is_never_called_unused() -> None:
    assert "never used, or not known" in text(EXAMPLES[NoticeKind.REMINDER])


def test_a_rollback_shows_each_event_with_time_place_address_program_and_error() -> None:
    words = text(EXAMPLES[NoticeKind.ROLLED_BACK])

    for wanted in (
        "2026-12-02 10:00:03 UTC: ListBuckets",
        "eu-west-1",
        "192.0.2.4",
        "aws-sdk-java/1.12",
        "AccessDenied",
    ):
        assert wanted in words


@pytest.mark.parametrize("kind", [NoticeKind.KEY_DEACTIVATION, NoticeKind.DEACTIVATED])
def test_the_owner_is_told_that_aws_does_not_record_calls_with_an_inactive_key(kind: NoticeKind) -> None:
    assert "AWS does not record calls that fail because their key is Inactive" in " ".join(text(EXAMPLES[kind]).split())


BROWNED = (
    "the key called s3.amazonaws.com ListBuckets in eu-west-1 after the brown-out began (refused with AccessDenied)"
)
GIVEN_BACK = notice(
    NoticeKind.ROLLED_BACK,
    recipients=(OWNER, TEAM),
    headline="the key works again: its calls are not denied any more, and it was never deactivated",
    reasons=[BROWNED],
    evidence=[CALL],
    was_deactivated=False,
)


def test_an_owner_is_told_beforehand_what_a_brownout_does_to_his_applications() -> None:
    words = " ".join(text(notice(brownout="4 hours")).split())
    assert "a brown-out comes first: for 4 hours, every call signed with a long-term access key of this user" in words


def test_the_beginning_of_a_brownout_says_what_fails_what_does_not_and_how_to_end_it() -> None:
    words = " ".join(text(EXAMPLES[NoticeKind.BROWNED_OUT]).split())
    for wanted in ("AccessDenied", "UnauthorizedOperation", "GetCallerIdentity", "can be ended at any time", "from S3"):
        assert wanted in words


def test_a_key_that_was_never_deactivated_is_not_said_to_be_active_again() -> None:
    mail = read_mail(composed(GIVEN_BACK))
    words = " ".join(text_of(mail).split())
    assert "works again" in mail["Subject"]
    assert "deactivation was undone" not in words
    assert "What was seen after the brown-out began" in words
    assert "192.0.2.4" in words


def test_a_notice_that_lacks_what_it_is_to_show_is_refused_and_names_it() -> None:
    context = {key: value for key, value in CONTEXT.items() if key != "username"}
    whole = notice()
    lacking = Notice(
        ticket_id=whole.ticket_id, kind=whole.kind, recipients=whole.recipients, dedupe_key="t12", context=context
    )

    with pytest.raises(PermanentError, match="username"):
        composed(lacking)


@pytest.mark.parametrize("value", ["yesterday", "2025-11-24T00:06:02"])
def test_a_time_that_is_none_or_has_no_zone_is_refused(value: str) -> None:
    with pytest.raises(PermanentError, match="cannot be worded"):
        composed(notice(created_at=value))


def test_a_contact_that_is_no_mail_address_is_shown_and_not_answered_to() -> None:
    mail = read_mail(composed(notice(contact="#cloud-security")))

    assert "Questions: #cloud-security." in text_of(mail)
    assert mail["Reply-To"] is None
