"""Instances are found by every address that they are told to have; a function without a revision is changed all the same."""

import json
from typing import Any, cast

from iamflow.aws.clients import Api
from iamflow.aws.effects import CALLS
from iamflow.aws.instances import with_addresses
from iamflow.domain.effect import Effect, EffectKind
from tests.aws.conftest import ACCOUNT, KEY, SUBJECT

FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:etl"
CHANGE = {"role": "new", "before": "old", "variables": ["ID"], "description": "as before"}


class Told:
    """A service that answers what it was given, in order, and keeps what it was asked."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers, self.asked = list(answers), list[dict[str, Any]]()

    def call(self, _: str, **parameters: Any) -> dict[str, Any]:
        self.asked.append(parameters)
        return self.answers.pop(0)


def page(*instances: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    return {"Reservations": [{"Instances": [one]} for one in instances], "NextToken": token}


def test_every_kind_of_address_counts_on_every_page_and_each_instance_once() -> None:
    second = {"PrivateIpAddress": "10.0.0.9", "Association": {"PublicIp": "198.51.100.9"}}
    told = Told(
        page({"InstanceId": "i-1", "PublicIpAddress": "198.51.100.1", "PrivateIpAddress": "10.0.0.1"}, token="more"),
        page(
            {"InstanceId": "i-2", "NetworkInterfaces": [{"PrivateIpAddresses": [second]}]},
            {"InstanceId": "i-3", "NetworkInterfaces": [{"Ipv6Addresses": [{"Ipv6Address": "2001:db8::3"}]}]},
            {"InstanceId": "i-4", "PrivateIpAddress": "10.0.0.10"},
            {"InstanceId": "i-5"},
        ),
    )
    addresses = ["198.51.100.1", "10.0.0.1", "198.51.100.9", "2001:db8::3", "10.0.0.100"]
    found = [(one["InstanceId"], address) for one, address in with_addresses(cast("Api", told), addresses)]
    assert found == [("i-1", "198.51.100.1"), ("i-2", "198.51.100.9"), ("i-3", "2001:db8::3")]
    assert told.asked[1]["NextToken"] == "more"


def test_a_function_is_changed_only_as_it_was_read_where_its_revision_is_told() -> None:
    for revision in ({"RevisionId": "r-1"}, {}):
        read = {"FunctionArn": FUNCTION, "Role": "old", "Environment": {"Variables": {"ID": KEY, "X": "1"}}, **revision}
        told = Told(read, {})
        effect = Effect(
            kind=EffectKind.UPDATE_FUNCTION, account_id=SUBJECT.account_id, username=SUBJECT.username, key_id=SUBJECT.key_id,
            targets=(FUNCTION,), document=json.dumps(CHANGE),
        )  # fmt: skip
        list(CALLS[effect.kind].make(lambda _: cast("Api", told), effect))  # noqa: B023 - called within the turn
        assert {name: told.asked[1].get(name) for name in ("RevisionId",) if name in told.asked[1]} == revision
        assert told.asked[1]["Environment"] == {"Variables": {"X": "1"}}
