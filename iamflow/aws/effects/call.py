"""What an effect is to AWS: its calls, and the permissions that they and the readings around them need."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iamflow.aws.roles import Role
from iamflow.domain.effect import Effect

if TYPE_CHECKING:
    # Permissions are had without boto3, which the module of the clients imports.
    from iamflow.aws.clients import Answer, Api

ON_USER = "user/*"


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """How one kind of effect is carried out."""

    role: Role
    sid: str
    """The statement of the policy in which its permissions stand: what they are for, as one word."""
    actions: tuple[str, ...]
    """The IAM actions that it calls."""
    make: "Callable[[Callable[[str], Api], Effect], Iterator[Answer]]"
    """Makes the calls, one for each answer that it yields; it is given the client of a service by its name."""
    reads: tuple[str, ...] = ()
    """What readings for this effect call besides those that every reading does."""
    looks: tuple[str, ...] = ()
    """What must be read of groups and policies before it is decided; its own session cannot."""
    lists: tuple[str, ...] = ()
    """What readings for this effect call that can be limited to no resource."""
    only: tuple[str, ...] = ()
    """The customer managed policies, by name, that alone it may attach or detach."""
    stores: bool = False
    """Whether it writes to the secret store; which permissions that takes depends on where the secrets go."""
    passes: str | None = None
    """The service that a role is handed over to by it, as ``iam:PassRole`` names it."""
    elsewhere: tuple[str, ...] = ()
    """The actions of other services than IAM that it calls."""
    on: tuple[str, ...] = (ON_USER,)
    """The kinds of IAM resources that the actions are about, as patterns after ``arn:…:iam::ACCOUNT:``."""

    @property
    def looks_at_blueprint(self) -> bool:
        """Whether it makes or undoes a step of a blueprint, so that readings look at all of it."""
        return self.role is Role.BUILDER
