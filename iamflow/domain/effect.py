"""The changes that iamflow can make to AWS, as data, and what became of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from iamflow.domain.ids import AccountId, IntentId, KeyId, TicketId, UserName
from iamflow.domain.sink import MAKES, WRITES, Sink


class EffectKind(StrEnum):
    """Each effect is one kind of AWS call about one exact access key, or about the user that holds it."""

    ATTACH_BROWNOUT = "attach_brownout"
    LIFT_BROWNOUT = "lift_brownout"
    DEACTIVATE_KEY = "deactivate_key"
    REACTIVATE_KEY = "reactivate_key"
    DELETE_KEY = "delete_key"
    PUT_MFA_POLICY = "put_mfa_policy"
    DELETE_MFA_POLICY = "delete_mfa_policy"
    CREATE_MFA_POLICY = "create_mfa_policy"
    ATTACH_MFA_POLICY = "attach_mfa_policy"
    DETACH_MFA_POLICY = "detach_mfa_policy"
    ATTACH_QUARANTINE = "attach_quarantine"
    DEACTIVATE_KEYS = "deactivate_keys"
    DISABLE_SERVICES = "disable_services"
    REMOVE_LOGIN = "remove_login"
    REACTIVATE_KEYS = "reactivate_keys"
    ENABLE_SERVICES = "enable_services"
    LIFT_QUARANTINE = "lift_quarantine"
    DELETE_LOGIN = "delete_login"
    DELETE_KEYS = "delete_keys"
    DELETE_SERVICES = "delete_services"
    DELETE_SSH_KEYS = "delete_ssh_keys"
    DELETE_CERTIFICATES = "delete_certificates"
    DEACTIVATE_MFA = "deactivate_mfa"
    DELETE_VIRTUAL_MFA = "delete_virtual_mfa"
    LEAVE_GROUPS = "leave_groups"
    DETACH_POLICIES = "detach_policies"
    DELETE_POLICIES = "delete_policies"
    DELETE_QUARANTINE = "delete_quarantine"
    DELETE_USER = "delete_user"
    RESTORE_USER = "restore_user"
    RESTORE_GROUPS = "restore_groups"
    RESTORE_ATTACHED = "restore_attached"
    RESTORE_POLICIES = "restore_policies"
    RESTORE_SSH_KEYS = "restore_ssh_keys"
    PROVE_SINK = "prove_sink"
    ISSUE_KEY = "issue_key"
    FREE_SLOT = "free_slot"
    WITHDRAW_KEY = "withdraw_key"
    CREATE_PROVIDER = "create_provider"
    CREATE_ROLE = "create_role"
    PUT_ROLE_POLICY = "put_role_policy"
    ATTACH_ROLE_POLICY = "attach_role_policy"
    CREATE_PROFILE = "create_profile"
    FILL_PROFILE = "fill_profile"
    ASSOCIATE_PROFILE = "associate_profile"
    PUBLISH_VERSION = "publish_version"
    UPDATE_FUNCTION = "update_function"
    REGISTER_TASK = "register_task"
    UPDATE_SERVICE = "update_service"
    RESTORE_SERVICE = "restore_service"
    DEREGISTER_TASK = "deregister_task"
    RESTORE_FUNCTION = "restore_function"
    DELETE_VERSION = "delete_version"
    DISASSOCIATE_PROFILE = "disassociate_profile"
    EMPTY_PROFILE = "empty_profile"
    DELETE_PROFILE = "delete_profile"
    DETACH_ROLE_POLICY = "detach_role_policy"
    DELETE_ROLE_POLICY = "delete_role_policy"
    DELETE_ROLE = "delete_role"
    DELETE_PROVIDER = "delete_provider"
    CREATE_SCP = "create_scp"
    ATTACH_SCP = "attach_scp"
    DETACH_SCP = "detach_scp"
    DELETE_SCP = "delete_scp"

    @property
    def call(self) -> str:
        """The AWS action that this effect performs, as IAM policies and CloudTrail name it."""
        return _CALLS[self]

    @property
    def step(self) -> str:
        """What this effect is to people: the step that may need an approval."""
        return _STEPS[self]

    @property
    def about_key(self) -> bool:
        """Whether this effect is about the ticket's own key, so that the key's use and state must allow it."""
        return self in _ABOUT_KEY

    @property
    def destroys(self) -> bool:
        """Whether this effect takes what the ticket is about for good, so that a whole window must have been quiet before."""
        return self in _DESTROYING

    @property
    def takes_user(self) -> bool:
        """Whether this effect is a part of taking a whole user away: of its quarantine, or of its deletion."""
        return self in _TAKING_USER

    @property
    def undoes(self) -> bool:
        """Whether this effect only gives access back, or takes back what iamflow itself has added and nobody has used.

        Freeze, caps and mode never stop it.
        """
        return self in _UNDOING

    @property
    def replaces(self) -> bool:
        """Whether this effect prepares or undoes the replacement of the ticket's key, which itself stays as it is."""
        return self in _REPLACING

    @property
    def provisions(self) -> bool:
        """Whether this effect is a step of making the role that takes a key's place, or of letting an application take it."""
        return self in _PROVISIONING

    @property
    def unprovisions(self) -> bool:
        """Whether this effect undoes such a step."""
        return self in _UNPROVISIONING

    @property
    def governs(self) -> bool:
        """Whether this effect is about a service control policy of the organisation, and so about no user at all."""
        return self in _GOVERNING

    @property
    def needs_notice(self) -> bool:
        """Whether this effect comes after the notice and the grace period, and never before the promised date."""
        return self.begins or self in _AFTER_NOTICE

    @property
    def begins(self) -> bool:
        """Whether this effect is the first to take access away: what must have happened before it is the same for each."""
        return self in _BEGINNING


_PROVISIONING = frozenset(
    {
        EffectKind.CREATE_PROVIDER,
        EffectKind.CREATE_ROLE,
        EffectKind.PUT_ROLE_POLICY,
        EffectKind.ATTACH_ROLE_POLICY,
        EffectKind.CREATE_PROFILE,
        EffectKind.FILL_PROFILE,
        EffectKind.ASSOCIATE_PROFILE,
        EffectKind.PUBLISH_VERSION,
        EffectKind.UPDATE_FUNCTION,
        EffectKind.REGISTER_TASK,
        EffectKind.UPDATE_SERVICE,
    }
)
_UNPROVISIONING = frozenset(
    {
        EffectKind.RESTORE_SERVICE,
        EffectKind.DEREGISTER_TASK,
        EffectKind.RESTORE_FUNCTION,
        EffectKind.DELETE_VERSION,
        EffectKind.DISASSOCIATE_PROFILE,
        EffectKind.EMPTY_PROFILE,
        EffectKind.DELETE_PROFILE,
        EffectKind.DETACH_ROLE_POLICY,
        EffectKind.DELETE_ROLE_POLICY,
        EffectKind.DELETE_ROLE,
        EffectKind.DELETE_PROVIDER,
    }
)
_GOVERNING = frozenset({EffectKind.CREATE_SCP, EffectKind.ATTACH_SCP, EffectKind.DETACH_SCP, EffectKind.DELETE_SCP})
_STEPS = {
    EffectKind.CREATE_SCP: "guardrail that requires MFA",
    EffectKind.ATTACH_SCP: "guardrail that requires MFA",
    EffectKind.DETACH_SCP: "removal of the guardrail that requires MFA",
    EffectKind.DELETE_SCP: "removal of the guardrail that requires MFA",
    EffectKind.ATTACH_BROWNOUT: "brown-out of this key, with its deactivation,",
    EffectKind.LIFT_BROWNOUT: "end of the brown-out",
    EffectKind.DEACTIVATE_KEY: "deactivation of this key",
    EffectKind.REACTIVATE_KEY: "reactivation of this key",
    EffectKind.DELETE_KEY: "deletion of this key",
    EffectKind.PUT_MFA_POLICY: "policy that requires MFA of this user",
    EffectKind.DELETE_MFA_POLICY: "removal of the policy that requires MFA",
    EffectKind.CREATE_MFA_POLICY: "policy that requires MFA of this user",
    EffectKind.ATTACH_MFA_POLICY: "policy that requires MFA of this user",
    EffectKind.DETACH_MFA_POLICY: "removal of the policy that requires MFA",
    EffectKind.ATTACH_QUARANTINE: "quarantine of this user, with the deletion that follows it,",
    EffectKind.DEACTIVATE_KEYS: "deactivation of the user's keys",
    EffectKind.DISABLE_SERVICES: "deactivation of the user's service credentials",
    EffectKind.REMOVE_LOGIN: "removal of the user's console password",
    EffectKind.REACTIVATE_KEYS: "reactivation of the user's keys",
    EffectKind.ENABLE_SERVICES: "reactivation of the user's service credentials",
    EffectKind.LIFT_QUARANTINE: "end of the user's quarantine",
    EffectKind.DELETE_LOGIN: "deletion of this user: its console password",
    EffectKind.DELETE_KEYS: "deletion of this user: its access keys",
    EffectKind.DELETE_SERVICES: "deletion of this user: its service credentials",
    EffectKind.DELETE_SSH_KEYS: "deletion of this user: its SSH public keys",
    EffectKind.DELETE_CERTIFICATES: "deletion of this user: its signing certificates",
    EffectKind.DEACTIVATE_MFA: "deletion of this user: its MFA devices",
    EffectKind.DELETE_VIRTUAL_MFA: "deletion of this user: its virtual MFA devices",
    EffectKind.LEAVE_GROUPS: "deletion of this user: its groups",
    EffectKind.DETACH_POLICIES: "deletion of this user: its attached policies",
    EffectKind.DELETE_POLICIES: "deletion of this user: its inline policies",
    EffectKind.DELETE_QUARANTINE: "deletion of this user: iamflow's own deny",
    EffectKind.DELETE_USER: "deletion of this user",
    EffectKind.RESTORE_USER: "restoration of this user",
    EffectKind.RESTORE_GROUPS: "restoration of this user: its groups",
    EffectKind.RESTORE_ATTACHED: "restoration of this user: its attached policies",
    EffectKind.RESTORE_POLICIES: "restoration of this user: its inline policies",
    EffectKind.RESTORE_SSH_KEYS: "restoration of this user: its SSH public keys",
    EffectKind.PROVE_SINK: "replacement of this key",
    EffectKind.ISSUE_KEY: "replacement of this key",
    EffectKind.FREE_SLOT: "deletion of another key of the user, which is Inactive, to make room for a new one",
    EffectKind.WITHDRAW_KEY: "deletion of the new key, which was never used",
    **dict.fromkeys(_PROVISIONING, "making of the role that takes this key's place"),
    **dict.fromkeys(_UNPROVISIONING, "undoing of what was made for the role that was to take this key's place"),
}
_REPLACING = (
    frozenset({EffectKind.PROVE_SINK, EffectKind.ISSUE_KEY, EffectKind.FREE_SLOT, EffectKind.WITHDRAW_KEY})
    | _PROVISIONING
)
_AFTER_NOTICE = frozenset({EffectKind.PROVE_SINK, EffectKind.ISSUE_KEY, EffectKind.FREE_SLOT}) | _PROVISIONING
_ABOUT_KEY = frozenset(
    {
        EffectKind.ATTACH_BROWNOUT,
        EffectKind.DEACTIVATE_KEY,
        EffectKind.REACTIVATE_KEY,
        EffectKind.DELETE_KEY,
    }
)
_DELETING_USER = frozenset(
    {
        EffectKind.DELETE_LOGIN,
        EffectKind.DELETE_KEYS,
        EffectKind.DELETE_SERVICES,
        EffectKind.DELETE_SSH_KEYS,
        EffectKind.DELETE_CERTIFICATES,
        EffectKind.DEACTIVATE_MFA,
        EffectKind.DELETE_VIRTUAL_MFA,
        EffectKind.LEAVE_GROUPS,
        EffectKind.DETACH_POLICIES,
        EffectKind.DELETE_POLICIES,
        EffectKind.DELETE_QUARANTINE,
        EffectKind.DELETE_USER,
    }
)
_TAKING_USER = _DELETING_USER | {
    EffectKind.ATTACH_QUARANTINE,
    EffectKind.DEACTIVATE_KEYS,
    EffectKind.DISABLE_SERVICES,
    EffectKind.REMOVE_LOGIN,
}
_DESTROYING = frozenset({EffectKind.DELETE_KEY}) | _DELETING_USER
_UNDOING = _UNPROVISIONING | frozenset(
    {
        EffectKind.DETACH_SCP,
        EffectKind.DELETE_SCP,
        EffectKind.REACTIVATE_KEY,
        EffectKind.LIFT_BROWNOUT,
        EffectKind.DELETE_MFA_POLICY,
        EffectKind.DETACH_MFA_POLICY,
        EffectKind.REACTIVATE_KEYS,
        EffectKind.ENABLE_SERVICES,
        EffectKind.LIFT_QUARANTINE,
        EffectKind.RESTORE_USER,
        EffectKind.RESTORE_GROUPS,
        EffectKind.RESTORE_ATTACHED,
        EffectKind.RESTORE_POLICIES,
        EffectKind.RESTORE_SSH_KEYS,
        EffectKind.WITHDRAW_KEY,
    }
)
_BEGINNING = frozenset(
    {
        EffectKind.DEACTIVATE_KEY,
        EffectKind.ATTACH_BROWNOUT,
        EffectKind.PUT_MFA_POLICY,
        EffectKind.ATTACH_MFA_POLICY,
        EffectKind.ATTACH_QUARANTINE,
    }
)
_CALLS = {
    EffectKind.CREATE_SCP: "organizations:CreatePolicy",
    EffectKind.ATTACH_SCP: "organizations:AttachPolicy",
    EffectKind.DETACH_SCP: "organizations:DetachPolicy",
    EffectKind.DELETE_SCP: "organizations:DeletePolicy",
    EffectKind.ATTACH_BROWNOUT: "iam:PutUserPolicy",
    EffectKind.LIFT_BROWNOUT: "iam:DeleteUserPolicy",
    EffectKind.DEACTIVATE_KEY: "iam:UpdateAccessKey",
    EffectKind.REACTIVATE_KEY: "iam:UpdateAccessKey",
    EffectKind.DELETE_KEY: "iam:DeleteAccessKey",
    EffectKind.PUT_MFA_POLICY: "iam:PutUserPolicy",
    EffectKind.DELETE_MFA_POLICY: "iam:DeleteUserPolicy",
    EffectKind.CREATE_MFA_POLICY: "iam:CreatePolicy",
    EffectKind.ATTACH_MFA_POLICY: "iam:AttachUserPolicy",
    EffectKind.DETACH_MFA_POLICY: "iam:DetachUserPolicy",
    EffectKind.ATTACH_QUARANTINE: "iam:PutUserPolicy",
    EffectKind.DEACTIVATE_KEYS: "iam:UpdateAccessKey",
    EffectKind.DISABLE_SERVICES: "iam:UpdateServiceSpecificCredential",
    EffectKind.REMOVE_LOGIN: "iam:DeleteLoginProfile",
    EffectKind.REACTIVATE_KEYS: "iam:UpdateAccessKey",
    EffectKind.ENABLE_SERVICES: "iam:UpdateServiceSpecificCredential",
    EffectKind.LIFT_QUARANTINE: "iam:DeleteUserPolicy",
    EffectKind.DELETE_LOGIN: "iam:DeleteLoginProfile",
    EffectKind.DELETE_KEYS: "iam:DeleteAccessKey",
    EffectKind.DELETE_SERVICES: "iam:DeleteServiceSpecificCredential",
    EffectKind.DELETE_SSH_KEYS: "iam:DeleteSSHPublicKey",
    EffectKind.DELETE_CERTIFICATES: "iam:DeleteSigningCertificate",
    EffectKind.DEACTIVATE_MFA: "iam:DeactivateMFADevice",
    EffectKind.DELETE_VIRTUAL_MFA: "iam:DeleteVirtualMFADevice",
    EffectKind.LEAVE_GROUPS: "iam:RemoveUserFromGroup",
    EffectKind.DETACH_POLICIES: "iam:DetachUserPolicy",
    EffectKind.DELETE_POLICIES: "iam:DeleteUserPolicy",
    EffectKind.DELETE_QUARANTINE: "iam:DeleteUserPolicy",
    EffectKind.DELETE_USER: "iam:DeleteUser",
    EffectKind.RESTORE_USER: "iam:CreateUser",
    EffectKind.RESTORE_GROUPS: "iam:AddUserToGroup",
    EffectKind.RESTORE_ATTACHED: "iam:AttachUserPolicy",
    EffectKind.RESTORE_POLICIES: "iam:PutUserPolicy",
    EffectKind.RESTORE_SSH_KEYS: "iam:UploadSSHPublicKey",
    EffectKind.PROVE_SINK: "secretsmanager:PutSecretValue",
    EffectKind.ISSUE_KEY: "iam:CreateAccessKey",
    EffectKind.FREE_SLOT: "iam:DeleteAccessKey",
    EffectKind.WITHDRAW_KEY: "iam:DeleteAccessKey",
    EffectKind.CREATE_PROVIDER: "iam:CreateOpenIDConnectProvider",
    EffectKind.CREATE_ROLE: "iam:CreateRole",
    EffectKind.PUT_ROLE_POLICY: "iam:PutRolePolicy",
    EffectKind.ATTACH_ROLE_POLICY: "iam:AttachRolePolicy",
    EffectKind.CREATE_PROFILE: "iam:CreateInstanceProfile",
    EffectKind.FILL_PROFILE: "iam:AddRoleToInstanceProfile",
    EffectKind.ASSOCIATE_PROFILE: "ec2:AssociateIamInstanceProfile",
    EffectKind.PUBLISH_VERSION: "lambda:PublishVersion",
    EffectKind.UPDATE_FUNCTION: "lambda:UpdateFunctionConfiguration",
    EffectKind.REGISTER_TASK: "ecs:RegisterTaskDefinition",
    EffectKind.UPDATE_SERVICE: "ecs:UpdateService",
    EffectKind.RESTORE_SERVICE: "ecs:UpdateService",
    EffectKind.DEREGISTER_TASK: "ecs:DeregisterTaskDefinition",
    EffectKind.RESTORE_FUNCTION: "lambda:UpdateFunctionConfiguration",
    EffectKind.DELETE_VERSION: "lambda:DeleteFunction",
    EffectKind.DISASSOCIATE_PROFILE: "ec2:DisassociateIamInstanceProfile",
    EffectKind.EMPTY_PROFILE: "iam:RemoveRoleFromInstanceProfile",
    EffectKind.DELETE_PROFILE: "iam:DeleteInstanceProfile",
    EffectKind.DETACH_ROLE_POLICY: "iam:DetachRolePolicy",
    EffectKind.DELETE_ROLE_POLICY: "iam:DeleteRolePolicy",
    EffectKind.DELETE_ROLE: "iam:DeleteRole",
    EffectKind.DELETE_PROVIDER: "iam:DeleteOpenIDConnectProvider",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """One change to one access key or to one user. It names every single thing that it touches."""

    kind: EffectKind
    account_id: AccountId
    username: UserName
    key_id: KeyId | None = None
    """The key, where the effect is about one."""
    targets: tuple[str, ...] = ()
    """What is put, changed or removed, each by a call of its own, in this order: the names of policies, groups, devices;
    none where the key or the user itself is changed."""
    document: str | None = None
    """The text that is put, where the effect puts one; for the secret of a new key, the place that it is put in."""

    @property
    def call(self) -> str:
        """The action that this effect performs. A write to a secret store is called as its place says."""
        if self.kind is EffectKind.PROVE_SINK and self.document is not None:
            return WRITES[Sink.read(self.document).kind]
        return self.kind.call

    @property
    def calls(self) -> tuple[str, ...]:
        """Every changing call that it may take, in order: one, but for a new key, whose secret is put away with it."""
        if self.document is None or self.kind not in {EffectKind.PROVE_SINK, EffectKind.ISSUE_KEY}:
            return (self.call,)
        kind = Sink.read(self.document).kind
        if self.kind is EffectKind.ISSUE_KEY:
            return (self.call, WRITES[kind])
        return (*((MAKES[kind],) if kind in MAKES else ()), self.call)

    @property
    def target(self) -> str:
        """The only target. Of an effect without one, or with several, there is none to ask for."""
        (only,) = self.targets
        return only


class OutcomeKind(StrEnum):
    """What became of an intent."""

    DONE = "done"
    """The effect was observed by reading AWS."""
    NOT_DONE = "not_done"
    """Reading AWS showed that it did not happen."""
    REFUSED = "refused"
    """AWS refused the call for good."""
    NOT_ATTEMPTED = "not_attempted"
    """A guard refused right before the call; no call was made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """AWS's answer to a mutating call: its request id and the time of its Date header (UTC), where given."""

    request_id: str | None
    at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Intent:
    """A committed decision to make one change. Without an outcome it is settled by reading AWS, never by repeating."""

    id: IntentId
    ticket_id: TicketId
    step: int
    effect: Effect
    idempotency_key: str
    opened_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How an intent was settled, when (UTC), and by what request."""

    kind: OutcomeKind
    at: datetime
    request_id: str | None = None
    detail: str | None = None
