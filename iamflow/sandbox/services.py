"""The hook by which the sandbox answers an operation in moto's place.

A handler gets an ``Exchange`` and moto's own response object, and returns a result that moto writes down in the
service's protocol. It is set on moto's response class under the operation's name while the sandbox runs.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.iam.models import IAMBackend

from iamflow.sandbox.calls import Call
from iamflow.sandbox.errors import AwsError
from iamflow.sandbox.identity import Principal
from iamflow.sandbox.moto_host import MotoHost
from iamflow.sandbox.world import World

ENVIRON_KEY = "iamflow.exchange"


@dataclass(kw_only=True, slots=True)
class Exchange:
    """One admitted call on its way; ``outcome`` becomes the event's response elements, ``error`` its error."""

    world: World
    call: Call
    principal: Principal
    outcome: Mapping[str, Any] = field(default_factory=dict)
    error: tuple[str, str] | None = None

    @property
    def iam(self) -> IAMBackend:
        """The IAM, as moto has it, of the caller's account."""
        return self.world.iam(self.principal.account_id)

    def parameter(self, name: str) -> Any:  # noqa: ANN401 - whatever the protocol carried
        """Return a request parameter, or None."""
        return self.call.parameters.get(name)


Handler: TypeAlias = Callable[[Exchange, "Original"], object]


@dataclass(frozen=True, slots=True)
class Original:
    """moto's own way to answer the operation, for handlers that only add to it."""

    response: BaseResponse
    method: Callable[[Any], Any] | None

    def __call__(self) -> Any:  # noqa: ANN401 - moto's results are of many kinds
        """Return moto's result."""
        if self.method is None:
            raise AwsError(code="NotImplemented", message="The simulated AWS does not know this operation.", status=501)
        return self.method(self.response)

    def asked_for(self, **changed: object) -> Any:  # noqa: ANN401 - moto's results are of many kinds
        """Return moto's result for the call with some parameters changed; None takes one out."""
        parameters: Any = self.response.params
        for name, value in changed.items():
            if value is None:
                parameters.pop(name, None)
            else:
                parameters[name] = value
        return self()


def install(host: MotoHost, class_path: str, handlers: Mapping[str, Handler]) -> None:
    """Put handlers, named like moto's methods, on one of moto's response classes."""
    module_name, class_name = class_path.rsplit(":", 1)
    response_class = getattr(importlib.import_module(module_name), class_name)
    for name, handler in handlers.items():
        host.replace(response_class, name, _method(handler, getattr(response_class, name, None)))


def _method(handler: Handler, original: Callable[[Any], Any] | None) -> Callable[[Any], object]:
    def answer(response: Any) -> object:  # noqa: ANN401 - bound by moto
        exchange: Exchange = response.normalized_request.environ[ENVIRON_KEY]
        try:
            result = handler(exchange, Original(response, original))
        except (AwsError, ServiceException) as error:
            exchange.error = (error.code, error.message)
            raise
        # Some of moto's services write their answers down themselves.
        return result if isinstance(result, (ActionResult, str, tuple)) else ActionResult(result)

    return answer
