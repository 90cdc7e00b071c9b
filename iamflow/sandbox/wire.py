"""The HTTP server: loopback only, keep-alive, no delays of its own."""

import io
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from iamflow.sandbox.errors import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Answer: TypeAlias = Callable[["WSGIEnvironment", bytes], Reply | None]

_POLL_SECONDS = 0.02


class _Handler(MotoRequestHandler):
    """Reads one request after the other from a connection, and answers each in a single write."""

    protocol_version = "HTTP/1.1"
    # Without this a kept-alive call waits 40 ms for the kernel to send a small packet.
    disable_nagle_algorithm = True
    server: "LoopbackServer"

    def run_wsgi(self) -> None:
        """Answer one request; werkzeug would close the connection after each."""
        environ = self.make_environ()
        reply = self.server.answer(environ, _body(environ))
        if reply is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.wfile.write(_bytes_of(reply, with_body=self.command != "HEAD"))

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the trail is the record."""


class LoopbackServer(ThreadedWSGIServer):
    """An HTTP server on 127.0.0.1 in threads of its own."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, answer: Answer) -> None:
        """Listen on a port (0: a free one) and answer requests by that function; OSError if it is taken."""
        # Bound here, because werkzeug ends the process over a port that is taken.
        with socket.create_server(("127.0.0.1", port), backlog=128) as bound:
            super().__init__("127.0.0.1", port, _no_application, handler=_Handler, fd=bound.fileno())
        self.answer = answer
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(_POLL_SECONDS,), name="sandbox", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, and close the connections that callers keep alive."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._guard:
            for connection in self._open:
                _close(connection)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's signature
        """Remember the connection, so that it can be closed at the end."""
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - socketserver's signature
        """Forget a connection that has ended."""
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)


def _body(environ: "WSGIEnvironment") -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        content: bytes = stream.read()
    else:
        content = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(content)
    return content


def _bytes_of(reply: Reply, *, with_body: bool) -> bytes:
    headers = [*reply.headers, ("Content-Length", str(len(reply.body)))]
    first = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"
    head = (
        "\r\n".join([first, *(f"{name}: {value}" for name, value in headers)]).encode("latin-1", errors="replace")
        + b"\r\n\r\n"
    )
    return head + reply.body if with_body else head


def _close(connection: socket.socket) -> None:
    with suppress(OSError):  # the caller may have been faster
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


def _no_application(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    """Fill werkzeug's place for an application; requests go to ``LoopbackServer.answer`` instead."""
    raise NotImplementedError
