# SPDX-License-Identifier: Apache-2.0
"""`newsloom` against one broker and one database, without anybody's own configuration."""
import json
import subprocess

from support import paths
from support.programs import environment, run


class CommandLine:
    def __init__(self, home, broker, database_url: str = ""):
        self.home = home
        self.env = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_STATE_HOME": str(home),
                    "NO_COLOR": "1"}
        for role in ("feed", "subscribe", "live", "operator"):
            self.env[f"NEWSLOOM_BROKER_{role.upper()}"] = broker.endpoint(role)
        if database_url:
            self.env["NEWSLOOM_DATABASE_URL"] = database_url

    def environment(self, crash_at: str = "") -> dict:
        return environment(**self.env, **({"NEWSLOOM_CRASH_AT": crash_at} if crash_at else {}))

    def __call__(self, *arguments, code=0, stdin: bytes = b"", crash_at: str = "", timeout=60):
        done = run("newsloom", *arguments, stdin=stdin, env=self.environment(crash_at),
                   timeout=timeout)
        assert code is None or done.returncode == code, (
            f"newsloom {' '.join(map(str, arguments))} ended with {done.returncode}, not {code}:\n"
            f"{done.stdout[-1500:]}\n{done.stderr[-1500:]}")
        return done

    def lines(self, *arguments, **how) -> list:
        """What it printed, as JSON objects."""
        return [json.loads(line) for line in self(*arguments, **how).stdout.splitlines()]

    def start(self, *arguments, **how) -> subprocess.Popen:
        return subprocess.Popen([str(paths.program("newsloom")), *map(str, arguments)],
                                env=self.environment(), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **how)
