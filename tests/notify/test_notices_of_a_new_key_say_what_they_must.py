"""Each notice of rotate-key, word for word; all say where the secret is where there is one, and none says what it is."""

from pathlib import Path

import pytest

from iamflow.domain.notice import Notice, NoticeKind
from iamflow.notify.mail import compose
from tests.notify.letters import CALL, NOW, OWNER, PROMISED, SENDER, TEAM, notice, read_mail, text_of

GOLDEN = Path(__file__).parent / "golden" / "rotate-key"
PLACE = "the secret iamflow/svc-billing of Secrets Manager in eu-west-1"
ROTATION = {"place": PLACE, "new_key_masked": "AKIAYF5JKDJQN*******", "given_back": False}


def about(kind: NoticeKind, **context: object) -> Notice:
    return notice(kind, **{"workflow": "rotate-key", "rotation": ROTATION, "was_deactivated": False, **context})  # type: ignore[arg-type]  # the context's own values


EXAMPLES = {
    NoticeKind.KEY_ROTATION: about(NoticeKind.KEY_ROTATION, rotation=None, headline=""),
    NoticeKind.REMINDER: about(NoticeKind.REMINDER, rotation=None, headline=""),
    NoticeKind.KEY_ISSUED: about(NoticeKind.KEY_ISSUED, headline=""),
    NoticeKind.KEY_UNUSED: about(NoticeKind.KEY_UNUSED, headline="the new key has not been used yet"),
    NoticeKind.DEACTIVATED: about(
        NoticeKind.DEACTIVATED, recipients=(OWNER, TEAM), was_deactivated=True, applications=[CALL | {"count": 4}]
    ),
    NoticeKind.DELETED: about(NoticeKind.DELETED, headline="the key was deleted", was_deactivated=True),
    NoticeKind.ROLLED_BACK: about(
        NoticeKind.ROLLED_BACK,
        recipients=(OWNER, TEAM),
        headline="the key works as before; the new one, AKIAYF5JKDJQNEWKEY12, has been used and stays Active too",
        reasons=["the key called s3.amazonaws.com ListBuckets in eu-west-1 after its deactivation (let through)"],
        evidence=[CALL],
        comment="the payroll stopped",
    ),
}
WITH_NEW = [kind for kind in EXAMPLES if kind not in {NoticeKind.KEY_ROTATION, NoticeKind.REMINDER, NoticeKind.DELETED}]


def composed(kind: NoticeKind) -> bytes:
    promised_at = PROMISED if kind in {NoticeKind.KEY_ROTATION, NoticeKind.REMINDER} else None
    return compose(EXAMPLES[kind], promised_at, sender=SENDER, now=NOW).as_bytes()


def words(kind: NoticeKind) -> str:
    return " ".join(text_of(read_mail(composed(kind))).split())


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_mail_is_word_for_word_the_one_that_was_agreed(kind: NoticeKind) -> None:
    assert composed(kind) == (GOLDEN / f"{kind.value}.eml").read_bytes()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_notice_names_ticket_account_user_and_the_masked_old_key(kind: NoticeKind) -> None:
    for wanted in ("012345678901", "svc-billing", "AKIAYF5JKDJQS*******", "ticket 12"):
        assert wanted in words(kind)


@pytest.mark.parametrize("kind", WITH_NEW)
def test_where_there_is_a_new_key_its_place_is_told(kind: NoticeKind) -> None:
    assert PLACE in words(kind)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_no_notice_holds_a_whole_key_id(kind: NoticeKind) -> None:
    assert "AKIAYF5JKDJQNEWKEY12" not in words(kind)


def test_nobody_is_told_that_a_key_will_be_deactivated_on_a_date() -> None:
    told = words(NoticeKind.KEY_ROTATION) + words(NoticeKind.REMINDER)
    assert "will be deactivated on" not in told
    assert "Nothing is deactivated before you have the new key" in told


def test_the_owner_learns_how_to_end_the_wait_and_what_is_left_in_the_store() -> None:
    assert "If you know that nothing uses the old key any more, say so" in words(NoticeKind.KEY_ISSUED)
    assert "The secret store is left as it is" in words(NoticeKind.ROLLED_BACK)
