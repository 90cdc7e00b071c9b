"""EC2 instances: which has an address, and which instance profile it is associated with."""

from collections.abc import Iterator, Sequence

from iamflow.aws.answers import required
from iamflow.aws.clients import Answer, Api

_LIVE = ["associating", "associated"]
_PAGE = 1000
"""The most instances that are told at once (EC2 API reference, DescribeInstances: MaxResults)."""


def instance_id(arn: str) -> str:
    """Return the id of an instance from its ARN."""
    return arn.rsplit("/", 1)[-1]


def association(ec2: Api, arn: str) -> tuple[str, str] | None:
    """Return the id of the association of an instance with a profile, and the profile's ARN; None where it has none."""
    filters = [{"Name": "instance-id", "Values": [instance_id(arn)]}, {"Name": "state", "Values": _LIVE}]
    answer = ec2.call("DescribeIamInstanceProfileAssociations", Filters=filters)
    for row in answer.get("IamInstanceProfileAssociations", []):
        attempt = ec2.attempt_at("DescribeIamInstanceProfileAssociations")
        return required(row, "AssociationId", attempt), required(row.get("IamInstanceProfile", {}), "Arn", attempt)
    return None


def with_addresses(ec2: Api, addresses: Sequence[str]) -> Iterator[tuple[Answer, str]]:
    """Yield the instances that have one of these addresses now, each with an address that it has.

    Every instance is looked at: there is no one filter for all the kinds of addresses that an instance can have.
    """
    wanted = set(addresses)
    for instance in _described(ec2, MaxResults=_PAGE):
        found = next((address for address in _addresses(instance) if address in wanted), None)
        if found is not None:
            yield instance, found


def _addresses(instance: Answer) -> Iterator[str | None]:
    yield from (instance.get("PublicIpAddress"), instance.get("PrivateIpAddress"), instance.get("Ipv6Address"))
    for interface in instance.get("NetworkInterfaces", []):
        yield from (row.get("Ipv6Address") for row in interface.get("Ipv6Addresses", []))
        for row in (interface, *interface.get("PrivateIpAddresses", [])):
            yield row.get("Association", {}).get("PublicIp")
            yield row.get("PrivateIpAddress")


def named(ec2: Api, arn: str) -> Answer | None:
    """Return one instance; None where there is none of that id."""
    filters = [{"Name": "instance-id", "Values": [instance_id(arn)]}]
    return next(_described(ec2, Filters=filters), None)


def _described(ec2: Api, **parameters: object) -> Iterator[Answer]:
    token: str | None = None
    while True:
        more = {} if token is None else {"NextToken": token}
        answer = ec2.call("DescribeInstances", **parameters, **more)
        for reservation in answer.get("Reservations", []):
            yield from reservation.get("Instances", [])
        token = answer.get("NextToken")
        if not token:
            return
