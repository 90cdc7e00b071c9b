"""The calls that policies which require MFA must leave to people who have no device yet."""

ENROLMENT = (
    "iam:CreateVirtualMFADevice",
    "iam:EnableMFADevice",
    "iam:GetMFADevice",
    "iam:GetUser",
    "iam:ListMFADevices",
    "iam:ListVirtualMFADevices",
    "iam:ResyncMFADevice",
    "sts:GetSessionToken",
)
"""What enrolling a device takes, and then using it: without them nobody could ever enrol."""

PASSWORD = ("iam:ChangePassword", "iam:GetAccountPasswordPolicy")
"""What a user needs who must choose a new password at the first sign-in."""
