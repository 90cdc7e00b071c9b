"""A password is a login profile: there or not, changed, and taken away."""

from datetime import timedelta

from iamflow.sandbox.clock import VirtualClock
from iamflow.sandbox.server import Sandbox
from tests.sandbox.conftest import ACCOUNT, Aws, Refused

PASSWORD = "correct-Horse-7"


def test_a_new_profile_has_its_own_date_and_asks_for_a_new_password(aws: Aws, clock: VirtualClock) -> None:
    clock.advance(timedelta(hours=1))
    iam = aws.role("iam")
    iam.create_login_profile(UserName="etl", Password=PASSWORD, PasswordResetRequired=True)
    profile = iam.get_login_profile(UserName="etl")["LoginProfile"]
    assert (profile["CreateDate"], profile["PasswordResetRequired"]) == (clock.now(), True)


def test_a_second_profile_is_refused(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    iam.create_login_profile(UserName="etl", Password=PASSWORD)
    assert refused(iam.create_login_profile, UserName="etl", Password=PASSWORD) == "EntityAlreadyExists"


def test_changing_the_password_alone_leaves_the_rest(aws: Aws) -> None:
    iam = aws.role("iam")
    iam.create_login_profile(UserName="etl", Password=PASSWORD, PasswordResetRequired=True)
    iam.update_login_profile(UserName="etl", Password="another-Horse-8")
    assert iam.get_login_profile(UserName="etl")["LoginProfile"]["PasswordResetRequired"] is True
    iam.update_login_profile(UserName="etl", PasswordResetRequired=False)
    assert iam.get_login_profile(UserName="etl")["LoginProfile"]["PasswordResetRequired"] is False


def test_without_a_password_nothing_of_it_is_found(aws: Aws, refused: Refused) -> None:
    iam = aws.role("iam")
    assert refused(iam.get_login_profile, UserName="etl") == "NoSuchEntity"
    assert refused(iam.update_login_profile, UserName="etl", Password=PASSWORD) == "NoSuchEntity"
    assert refused(iam.delete_login_profile, UserName="etl") == "NoSuchEntity"


def test_a_deleted_profile_is_gone(sandbox: Sandbox, aws: Aws, refused: Refused) -> None:
    sandbox.seed.user(ACCOUNT, "ana", password=True)
    iam = aws.role("iam")
    iam.delete_login_profile(UserName="ana")
    assert refused(iam.get_login_profile, UserName="ana") == "NoSuchEntity"


def test_a_user_changes_his_own_password_if_he_knows_it(aws: Aws, refused: Refused) -> None:
    aws.role("iam").create_login_profile(UserName="etl", Password=PASSWORD, PasswordResetRequired=True)
    own = aws.key("iam")
    assert refused(own.change_password, OldPassword="wrong", NewPassword="another-Horse-8") == "AccessDenied"
    own.change_password(OldPassword=PASSWORD, NewPassword="another-Horse-8")
    assert own.get_login_profile(UserName="etl")["LoginProfile"]["PasswordResetRequired"] is False
    assert refused(aws.role("iam").change_password, OldPassword="x", NewPassword="y") == "InvalidUserType"
