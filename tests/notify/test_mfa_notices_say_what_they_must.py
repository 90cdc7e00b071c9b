"""Each notice of ``enforce-mfa``, word for word; and what may never be missing from one."""

from pathlib import Path

import pytest
from hypothesis import given

from iamflow.domain.notice import Notice, NoticeKind
from iamflow.notify.mail import compose
from tests.notify.letters import NOW, OWNER, PROMISED, SENDER, TEAM, notice, read_mail, text_of
from tests.notify.test_what_others_wrote_stays_text import NASTY

GOLDEN = Path(__file__).parent / "golden" / "enforce-mfa"

_LOCKED = "the policy would lock the user out: no policy allows the user iam:EnableMFADevice on himself"


def told(kind: NoticeKind, *, recipients: tuple[str, ...] = (OWNER, TEAM), **context: object) -> Notice:
    """Return a notice about a user without MFA, with what differs from the usual."""
    usual: dict[str, object] = {
        "workflow": "enforce-mfa",
        "username": "maria.lopez",
        "key_masked": None,
        "was_deactivated": False,
        "last_used_service": None,
        "headline": "",
    }
    return notice(kind, recipients=recipients, **usual | context)


EXAMPLES = {
    "mfa_required": told(NoticeKind.MFA_REQUIRED, recipients=(OWNER,)),
    "reminder": told(NoticeKind.REMINDER, recipients=(OWNER,), last_used_at=None),
    "reminder_enforced": told(NoticeKind.REMINDER, recipients=(OWNER,), was_deactivated=True),
    "enforced": told(
        NoticeKind.ENFORCED,
        was_deactivated=True,
        headline="everything but enrolling an MFA device is denied to the user until a sign-in with MFA",
    ),
    "remediated": told(
        NoticeKind.REMEDIATED,
        was_deactivated=True,
        headline="the user has an MFA device now, and the policy that required one is gone",
    ),
    "rolled_back": told(
        NoticeKind.ROLLED_BACK,
        was_deactivated=True,
        headline="the policy that required MFA was taken away again",
        comment="the payroll stopped",
    ),
    "approval_needed": told(
        NoticeKind.APPROVAL_NEEDED,
        recipients=(TEAM,),
        headline="the policy that requires MFA of this user needs an approval",
        reasons=[_LOCKED],
        owner=None,
    ),
    "attention": told(
        NoticeKind.ATTENTION,
        recipients=(TEAM,),
        headline="somebody other than iamflow removed the policy RequireMFAPolicy from the user",
        account_name="",
        created_at=None,
    ),
}
PROMISING = {"mfa_required", "reminder"}


def composed(name: str) -> bytes:
    return compose(EXAMPLES[name], PROMISED if name in PROMISING else None, sender=SENDER, now=NOW).as_bytes()


def text(name: str) -> str:
    return " ".join(text_of(read_mail(composed(name))).split())


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_mail_is_word_for_word_the_one_that_was_agreed(name: str) -> None:
    assert composed(name) == (GOLDEN / f"{name}.eml").read_bytes()


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_notice_names_ticket_account_and_user_and_no_key(name: str) -> None:
    words = text(name)
    for wanted in ("012345678901", "maria.lopez", "ticket 12"):
        assert wanted in words
    assert "None" not in words
    assert "this access key" not in words.lower()


@pytest.mark.parametrize("name", sorted(PROMISING))
def test_the_date_told_is_the_one_promised_at_sending(name: str) -> None:
    mail = read_mail(composed(name))
    assert "Tuesday 2026-12-01 00:12 UTC" in text_of(mail)
    assert "2026-12-01" in mail["Subject"]
    assert "2026-11-30" not in text_of(mail) + mail["Subject"]


def test_the_first_notice_tells_how_and_why_and_what_follows() -> None:
    words = text("mfa_required")
    for wanted in (
        "with a password alone",
        "Assign MFA device",
        "sign in again with the device",
        "denies every call signed with an access key of this user",
        "until a person has approved it",
        TEAM,
    ):
        assert wanted in words


def test_who_is_denied_is_told_how_to_get_out_and_that_it_can_be_taken_back() -> None:
    words = text("enforced")
    for wanted in ("sign out first", "goes by itself once a device is seen", "can be taken away at any time"):
        assert wanted in words


def test_who_is_asked_to_approve_is_told_that_the_policy_grants_nothing() -> None:
    words = text("approval_needed")
    assert _LOCKED.removeprefix("the ") in words
    assert "locked out until an administrator helps" in words


@given(username=NASTY, account_name=NASTY, headline=NASTY)
def test_no_text_of_others_adds_a_header(username: str, account_name: str, headline: str) -> None:
    for kind in (NoticeKind.MFA_REQUIRED, NoticeKind.ENFORCED, NoticeKind.APPROVAL_NEEDED, NoticeKind.ATTENTION):
        example = told(kind, username=username, account_name=account_name, headline=headline, reasons=[headline])
        mail = compose(example, PROMISED, sender=SENDER, now=NOW)
        assert mail["Bcc"] is None
        assert "\n" not in mail["Subject"]
