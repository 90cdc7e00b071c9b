"""EC2 instances: which has an address, and which instance profile it is associated with."""

from collections.abc import Iterator, Sequence

from iamflow.aws.answers import required
from iamflow.aws.clients import Answer, Api

_LIVE = ["associating", "associated"]
_ADDRESSES = ("network-interface.addresses.private-ip-address", "network-interface.addresses.association.public-ip")
_VALUES_MOST = 200
"""The most values of one filter (EC2 API reference, Filter)."""


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
    """Yield the instances that have one of these addresses now, each with an address that it has."""
    seen: set[str] = set()
    for name in _ADDRESSES:
        for start in range(0, len(addresses), _VALUES_MOST):
            values = list(addresses[start : start + _VALUES_MOST])
            for instance in _described(ec2, Filters=[{"Name": name, "Values": values}]):
                if instance["InstanceId"] not in seen:
                    seen.add(instance["InstanceId"])
                    yield instance, next((value for value in values if value in repr(instance)), values[0])


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
