"""What happens around roles in the nine days: a function gives up its key for one, and root users are put right."""

import io
import json
import zipfile
from typing import TYPE_CHECKING

from iamflow.demo.users import DANA, DATA, OPERATOR, PAYMENTS
from iamflow.domain.errors import IamflowError
from iamflow.domain.ids import AccountId, KeyId
from iamflow.engine import steer
from iamflow.engine.opening import Named, open_by_hand

if TYPE_CHECKING:
    from iamflow.demo.stage import Stage

REGION = "eu-west-1"
USER, KEY = "=cmd-6", KeyId("AKIAYF5JKDJQXHW4L2RH")
_MAY_READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
_CARRIED = {"AWS_ACCESS_KEY_ID": str(KEY), "AWS_SECRET_ACCESS_KEY": "made up: no such secret exists"}


def furnish(stage: "Stage") -> None:
    """Make a Lambda function that carries a user's key in its environment, and root users as the report has them."""
    for account in (PAYMENTS, DATA):
        stage.sandbox.seed.root(account, mfa=False)
    owner = stage.sandbox.owner
    iam = owner.client(PAYMENTS, "iam", REGION)
    iam.put_user_policy(UserName=USER, PolicyName="reads", PolicyDocument=json.dumps(_MAY_READ))
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = iam.create_role(RoleName="statements-runs", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("f.py", "def handler(event, context): pass")
    owner.client(PAYMENTS, "lambda", REGION).create_function(
        FunctionName="statements",
        Runtime="python3.12",
        Role=role,
        Handler="f.handler",
        Environment={"Variables": _CARRIED},
        Code={"ZipFile": packed.getvalue()},
    )


def asks_for_a_role(stage: "Stage") -> None:
    """Open a migration by hand."""
    open_by_hand(stage.desk(OPERATOR), "migrate-to-role", AccountId(PAYMENTS), Named(username=USER, key_id=KEY))


def approves_the_role(stage: "Stage") -> None:
    """Approve the plan, as its digest reads."""
    try:
        steer.approve(stage.desk(DANA), KEY, comment="the plan reads well; go ahead")
    except IamflowError as error:
        stage.say(str(error))


def runs_with_the_role(stage: "Stage") -> None:
    """Run the function, for which Lambda now takes the role."""
    migration = stage.app.store.ticket(KEY).migration
    if migration is None or migration.blueprint is None:
        stage.say("there is no role yet")
        return
    stage.sandbox.use_role(PAYMENTS, migration.blueprint.role, through="lambda.amazonaws.com")


def secures_a_root_user(stage: "Stage") -> None:
    """Let a person enrol MFA for the root user of an account."""
    stage.sandbox.seed.root(PAYMENTS, mfa=True)
