"""Many callers at once see one consistent AWS."""

from concurrent.futures import ThreadPoolExecutor

from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import Aws

ACCOUNT = "562458925665"


def test_calls_from_many_threads_all_take_effect(sandbox: Sandbox, aws: Aws) -> None:
    clients = [aws.role("iam", name=f"iamflow-1-{number}") for number in range(8)]

    def make_users(number: int) -> None:
        for each in range(10):
            clients[number].create_user(UserName=f"user-{number}-{each}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make_users, range(8)))
    made = sandbox.mutations()
    assert len({mutation.request_id for mutation in made}) == 80
    assert {mutation.session_name for mutation in made} == {f"iamflow-1-{number}" for number in range(8)}
    assert aws.role("iam").get_account_summary()["SummaryMap"]["Users"] == 81


def test_one_client_may_be_shared_between_threads(aws: Aws) -> None:
    iam = aws.role("iam")
    with ThreadPoolExecutor(4) as pool:
        shown = list(pool.map(lambda _: iam.get_user(UserName="etl")["User"]["UserName"], range(40)))
    assert shown == ["etl"] * 40
