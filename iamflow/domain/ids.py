"""The names by which things are known. Distinct types, so that one is never passed for another."""

from typing import NewType

AccountId = NewType("AccountId", str)
"""A 12-digit AWS account id; always text, since ids begin with zeros."""

KeyId = NewType("KeyId", str)
SubjectId = NewType("SubjectId", str)
"""What a ticket or a finding is about, as one text: ``key:AKIA…`` or ``user:ACCOUNT/NAME``."""
"""A whole access key id (``AKIA…``)."""

UserName = NewType("UserName", str)
"""An IAM user name. Written by others: encode it wherever it lands."""

Region = NewType("Region", str)
"""An AWS region name, such as ``eu-west-1``."""

TicketId = NewType("TicketId", int)
"""A ticket's number."""

ExemptionId = NewType("ExemptionId", int)
"""A standing exemption's number."""

IntentId = NewType("IntentId", int)
"""An intent's number."""
