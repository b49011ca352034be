# SPDX-License-Identifier: Apache-2.0
"""Stands in for systemd where a document says `systemctl stop newsloom-broker`: the test's own programs are stopped
and started by a program of that name that comes first in PATH."""
import signal
import socket
import threading
from pathlib import Path

from support.waiting import NotInTime, wait_for

SCRIPT = """#!/usr/bin/python3
import socket, sys
with socket.socket(socket.AF_UNIX) as channel:
    channel.connect({path!r})
    channel.sendall(" ".join(sys.argv[1:]).encode())
    channel.shutdown(socket.SHUT_WR)
    answer = channel.makefile().read()
sys.stderr.write(answer)
sys.exit(1 if answer else 0)
"""


def stop(program, patience: float = 3.0) -> None:
    """SIGTERM, and SIGKILL for whoever is not gone after TimeoutStopSec, which is short here."""
    program.signal(signal.SIGTERM)
    try:
        wait_for(lambda: not program.is_alive, patience)
    except NotInTime:
        program.kill9()


class Systemctl:
    """units: name -> Program. folder: what comes first in PATH."""

    def __init__(self, folder: Path, units: dict):
        self.folder, self.units = folder, units
        self.done = []
        folder.mkdir()
        path = folder / "socket"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        script = folder / "systemctl"
        script.write_text(SCRIPT.format(path=str(path)))
        script.chmod(0o755)
        self.thread = threading.Thread(target=self._serve, daemon=True, name="systemctl")
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                channel, _ = self.listener.accept()
            except OSError:
                return
            with channel:
                channel.sendall(self._obey(channel.makefile().read().split()).encode())

    def _obey(self, words) -> str:
        verb, *units = words
        if verb not in ("stop", "start"):
            return f"{verb} is not known here\n"
        try:
            for unit in units:
                program = self.units[unit]
                if verb == "stop":
                    stop(program)
                if verb == "start" and not program.is_alive:
                    program.start()
        except Exception as error:  # the script's reader has to see it
            return f"systemctl {words}: {error!r}\n"
        self.done.append(" ".join(words))
        return ""

    def close(self) -> None:
        self.listener.close()
