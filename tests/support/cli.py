# SPDX-License-Identifier: Apache-2.0
"""The command line, pointed at a test's broker."""
import json
import signal
import subprocess
import threading

from support import paths
from support.programs import environment
from support.waiting import wait_for

ROLES = ("feed", "subscribe", "live", "operator")


class CommandLine:
    """Called, it runs a verb that must end well, or with `code`."""

    def __init__(self, broker, directory, path=None, **settings):
        """path: another build's program."""
        self.directory, self.path = directory, path
        self.settings = {f"broker.{role}": broker.endpoint(role) for role in ROLES} | settings

    @property
    def env(self) -> dict:
        named = {f"NEWSLOOM_{name.upper().replace('.', '_').replace('-', '_')}": value for name, value in self.settings.items()}
        return environment(HOME=self.directory, XDG_CONFIG_HOME=self.directory / "config",
                           XDG_STATE_HOME=self.directory / "state", NO_COLOR="1", **named)

    def command(self, *arguments) -> list:
        return [str(self.path or paths.program("newsloom")), *map(str, arguments)]

    def run(self, *arguments, stdin="", timeout: float = 60, code: int = None, crash_at: str = "", **env):
        if crash_at:
            env["NEWSLOOM_CRASH_AT"] = crash_at
        done = subprocess.run(self.command(*arguments), capture_output=True, timeout=timeout,
                              input=stdin if isinstance(stdin, bytes) else stdin.encode(),
                              env={**self.env, **env}, cwd=self.directory)
        done.stdout, done.stderr = (
            text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        assert "Sanitizer" not in done.stderr, done.stderr
        assert code is None or done.returncode == code, (
            f"newsloom {' '.join(map(str, arguments))} ended with {done.returncode}, not {code}:\n"
            f"{done.stdout[-1500:]}\n{done.stderr[-1500:]}")
        return done

    def __call__(self, *arguments, code: int = 0, **how):
        return self.run(*arguments, code=code, **how)

    def json(self, *arguments, code: int = 0, **how) -> list:
        done = self.run(*arguments, "--json", code=code, **how)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def start(self, *arguments, **env) -> "Running":
        return Running(self.command(*arguments), {**self.env, **env}, self.directory)


class Running:
    """A verb in the background; its lines can be waited for."""

    def __init__(self, command, env, directory):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=env, cwd=directory)
        self.out, self.err = [], []
        self.readers = [threading.Thread(target=self._read, args=pair, daemon=True)
                        for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))]
        for reader in self.readers:
            reader.start()

    def _read(self, stream, lines) -> None:
        for line in stream:
            lines.append(line.decode("utf-8", "replace").rstrip("\n"))

    def write(self, text: str) -> None:
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def wait_lines(self, count: int, deadline: float = 20.0) -> list:
        wait_for(lambda: len(self.out) >= count or self.process.poll() is not None, deadline,
                 f"{count} lines, there are {len(self.out)}")
        assert len(self.out) >= count, (self.process.poll(), self.out, self.err)
        return self.out

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self, deadline: float = 30.0) -> int:
        """Waits for its end; a sick program fails the test."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            code = self.process.wait(deadline)
        finally:
            self.process.kill()
        for reader in self.readers:
            reader.join(5)
        assert not any("Sanitizer" in line for line in self.err), self.err
        return code
