"""Talks to systemd: ready, alive, stopping. Outside of systemd, nothing is said to anybody."""

import os
import socket


class ServiceManager:
    """The notification socket of sd_notify(3), if this process was given one."""

    def __init__(self, address: str | None = None) -> None:
        """Take the socket's address, by default from NOTIFY_SOCKET; ``@`` begins an abstract one."""
        given = address if address is not None else os.environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + given[1:] if given.startswith("@") else given

    def ready(self, status: str) -> None:
        """Say that the daemon is up: its database fits, its lock is held, its jobs run."""
        self._say(f"READY=1\nSTATUS={status}")

    def alive(self) -> None:
        """Feed the watchdog. Called when work has got on, and not by a timer, so that a daemon that hangs is restarted."""
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the daemon is finishing what it has begun."""
        self._say("STOPPING=1\nSTATUS=finishing what was begun")

    def _say(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.sendto(text.encode(), self._address)
        except OSError:
            # systemd went away or never listened: the daemon's work does not depend on being watched.
            return
