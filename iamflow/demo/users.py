"""What happens around whole users in the nine days: MFA devices enrolled, users deleted and put back, a key replaced."""

from typing import TYPE_CHECKING

from iamflow.domain.ids import AccountId, KeyId
from iamflow.domain.people import Identity
from iamflow.domain.subject import subject_id
from iamflow.engine import steer
from iamflow.engine.opening import Named, open_by_hand
from iamflow.sandbox.belongings import Counts

if TYPE_CHECKING:
    from iamflow.demo.stage import Stage
    from iamflow.domain.ticket import Ticket

PAYMENTS, DEVELOPMENT, DATA = "562458925665", "328251269083", "896592267449"

DANA = Identity(os="dana", sts=None)
"""Of the security team: approves."""

OPERATOR = Identity(os="omar", sts=None)
"""Takes the owners' calls."""

ENROLS_IN_TIME = (PAYMENTS, "ci.deploy-12")
ENROLS_WHEN_MADE_TO = (DEVELOPMENT, "ci.deploy-10")
NOBODY_NEEDS = (DATA, "app=web-4")
"""Is given everything that a user can have, so that its deletion has something to do."""
SOMEBODY_NEEDS = (DATA, "ops-admin-2")
REPLACED_USER, REPLACED_KEY = (DATA, "etl+nightly-1"), KeyId("AKIA5BQIQJC4VUY25HRF")

_SELF_SERVICE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ListMFADevices"],
            "Resource": "*",
        }
    ],
}


def furnish(stage: "Stage") -> None:
    """Give users of the report what the report does not tell of."""
    account, user = ENROLS_WHEN_MADE_TO
    stage.sandbox.seed.attached(account, user, stage.sandbox.seed.policy(account, "own-mfa", _SELF_SERVICE))
    stage.sandbox.seed.everything(*NOBODY_NEEDS, Counts(groups=3))


def enrols_in_time(stage: "Stage") -> None:
    """Enrol an MFA device within the grace period."""
    _enrols(stage, *ENROLS_IN_TIME)


def enrols_when_made_to(stage: "Stage") -> None:
    """Enrol an MFA device once nothing else is let through."""
    _enrols(stage, *ENROLS_WHEN_MADE_TO)


def approves_deletions(stage: "Stage") -> None:
    """Approve the quarantine of two users, with the word of HR and IT."""
    for account, user in (NOBODY_NEEDS, SOMEBODY_NEEDS):
        ticket = _about(stage, account, user)
        steer.approve(stage.desk(DANA), str(ticket.id), comment="confirmed with HR (M. Vega) and IT (R. Sato)")


def is_needed_after_all(stage: "Stage") -> None:
    """Let an owner speak up for a user in quarantine."""
    ticket = _about(stage, *SOMEBODY_NEEDS)
    text = "the invoices are signed with this user's key once a quarter"
    whom = "billing@example.com"
    steer.reply(stage.desk(OPERATOR), str(ticket.id), steer.Reply.KEEP, on_behalf_of=whom, text=text)


def asks_for_a_new_key(stage: "Stage") -> None:
    """Open a replacement by hand."""
    account, user = REPLACED_USER
    named = Named(username=user, key_id=REPLACED_KEY)
    open_by_hand(stage.desk(OPERATOR), "rotate-key", AccountId(account), named)


def uses_the_old_key(stage: "Stage") -> None:
    """Run the nightly job with the key that it has."""
    stage.sandbox.use_key(REPLACED_KEY, service="s3", operation="ListBuckets", user_agent="etl/5.0 Boto3/1.40.0")


def takes_the_new_key(stage: "Stage") -> None:
    """Run the nightly job with the key that it now finds in Secrets Manager."""
    rotation = stage.app.store.ticket(REPLACED_KEY).progress.rotation
    if rotation is None or rotation.new_key is None:
        stage.say("the new key is not there yet")
        return
    stage.sandbox.use_key(rotation.new_key, service="s3", operation="ListBuckets", user_agent="etl/5.1 Boto3/1.40.0")


def _enrols(stage: "Stage", account: str, user: str) -> None:
    stage.sandbox.console.sign_in(account, user)
    stage.sandbox.console.enrol_mfa(account, user)


def _about(stage: "Stage", account: str, user: str) -> "Ticket":
    subject = subject_id(AccountId(account), user, None)
    return stage.app.store.open_tickets([subject])[subject]
