"""A pool of threads shares one cloud: sessions are opened once, and answers never get mixed up."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from iamflow.aws.clients import Clients, Wanted
from iamflow.aws.cloud import AwsCloud
from iamflow.aws.settings import AwsSettings
from iamflow.domain.effect import EffectKind
from iamflow.domain.ids import AccountId, KeyId, TicketId, UserName
from iamflow.domain.subject import UserSubject
from iamflow.sandbox.server import Sandbox
from tests.aws.conftest import effect

ACCOUNTS = [AccountId(f"{number}00000000000") for number in range(1, 4)]
SUBJECTS = [
    UserSubject(
        account_id=account, username=UserName(f"user-{number}"), key_id=KeyId(f"AKIA{account[:1]}{number:015d}")
    )
    for account in ACCOUNTS
    for number in range(8)
]


def seed(sandbox: Sandbox) -> None:
    for account in ACCOUNTS:
        sandbox.seed.account(account, account)
    for subject in SUBJECTS:
        sandbox.seed.user(subject.account_id, subject.username)
        sandbox.seed.key(subject.account_id, subject.username, subject.key_id)


def test_sixteen_threads_open_one_session_an_account(sandbox: Sandbox, cloud: AwsCloud) -> None:
    seed(sandbox)
    with ThreadPoolExecutor(16) as pool:
        readings = list(pool.map(cloud.read, SUBJECTS))
    for subject, reading in zip(SUBJECTS, readings, strict=True):
        assert (reading.account_id, [key.key_id for key in reading.keys]) == (subject.account_id, [subject.key_id])
    opened = Counter(name for *_, name in sandbox.calls().elements() if name == "AssumeRole")
    assert opened["AssumeRole"] == len(ACCOUNTS)


def test_sixteen_threads_change_each_its_own_key(sandbox: Sandbox, cloud: AwsCloud) -> None:
    seed(sandbox)
    wanted = SUBJECTS[::2]

    def deactivate(subject: UserSubject) -> None:
        with cloud.step(subject, TicketId(SUBJECTS.index(subject)), EffectKind.DEACTIVATE_KEY) as step:
            step.apply(effect(EffectKind.DEACTIVATE_KEY, subject))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(deactivate, wanted))
    for subject in SUBJECTS:
        expected = "Inactive" if subject in wanted else "Active"
        assert sandbox.key_status(subject.account_id, subject.key_id) == expected


def test_a_client_is_kept_until_many_others_were_used_since(sandbox: Sandbox) -> None:
    clients = Clients(AwsSettings(sandbox=True))
    first = Wanted(service="sts", region="us-east-1")
    kept = clients.get(first)
    for number in range(255):
        clients.get(Wanted(service="sts", region=f"us-east-{number + 2}"))
    assert clients.get(first) is kept
    for number in range(256):
        clients.get(Wanted(service="sts", region=f"eu-west-{number + 1}"))
    assert clients.get(first) is not kept
    clients.close()


def test_what_is_called_in_no_session_is_signed_by_nobody(sandbox: Sandbox) -> None:
    client = Clients(AwsSettings(sandbox=True)).get(Wanted(service="sts", region="us-east-1", of_a_role=True))
    with pytest.raises(AssertionError, match="without that session's credentials"):
        client.get_caller_identity()  # type: ignore[attr-defined]
    assert not sandbox.calls()
