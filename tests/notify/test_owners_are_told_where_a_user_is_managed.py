"""A notice about a user who is managed as code says by what; one that asks to change it there promises no date."""

import pytest

from iamflow.domain.notice import Notice, NoticeKind
from iamflow.notify.mail import compose
from tests.notify.letters import NOW, SENDER, notice, read_mail, text_of

STACK = "CloudFormation stack payments-users"


def _words(example: Notice) -> str:
    mail = read_mail(compose(example, None, sender=SENDER, now=NOW).as_bytes())
    return mail["Subject"] + " " + " ".join(text_of(mail).split())


@pytest.mark.parametrize("kind", [NoticeKind.KEY_DEACTIVATION, NoticeKind.REMINDER, NoticeKind.DEACTIVATED])
def test_the_usual_notices_name_what_manages_the_user(kind: NoticeKind) -> None:
    assert f"Managed by {STACK}: change it there" in _words(notice(kind, managed=STACK))
    assert "Managed by" not in _words(notice(kind, managed=None))


@pytest.mark.parametrize("workflow", ["delete-user", "enforce-mfa"])
def test_so_do_those_about_users(workflow: str) -> None:
    words = _words(notice(NoticeKind.REMINDER, workflow=workflow, key_masked=None, managed=STACK))
    assert f"Managed by {STACK}: change it there" in words


@pytest.mark.parametrize(
    ("workflow", "what"),
    [
        ("disable-key", "older than access keys may become"),
        ("rotate-key", "older than access keys may become"),
        ("enforce-mfa", "with a password alone, without MFA"),
        ("delete-user", "Nobody has used it for a long time"),
    ],
)
def test_an_owner_who_is_only_told_learns_what_is_wrong_and_that_iamflow_changes_nothing(
    workflow: str, what: str
) -> None:
    key = "AKIAYF5JKDJQS*******" if workflow.endswith("-key") else None
    words = _words(notice(NoticeKind.MANAGED, workflow=workflow, key_masked=key, managed=STACK))
    for wanted in (
        what,
        f"Managed by {STACK}",
        "iamflow changes nothing itself",
        "ticket 12",
        "012345678901",
        "svc-billing",
    ):
        assert wanted in words
    assert ("AKIAYF5JKDJQS*******" in words) is (key is not None)
    assert "2026-11-30" not in words
    assert "None" not in words
