# SPDX-License-Identifier: Apache-2.0
"""Chromium without a screen, driven by its own driver (W3C WebDriver, spoken directly)."""
import base64
import http.client
import json
import re
import subprocess

from support.programs import die_with_parent
from support.waiting import wait_for

OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--window-size=1000,900",
           "--disable-background-networking", "--disable-component-update", "--no-proxy-server"]


class Stale(AssertionError):
    """The page put another element in the place of the one that was found."""


class Browser:
    def __init__(self, directory, script=True):
        self.log = (directory / "chromedriver.log").open("w+b")
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=self.log, stderr=self.log, preexec_fn=die_with_parent)
        self.port = int(wait_for(self._port, 60, "chromedriver listens"))
        options = [*OPTIONS, f"--user-data-dir={directory / 'chromium'}"]
        preferences = {} if script else {"profile.managed_default_content_settings.javascript": 2}
        answer = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": options, "prefs": preferences}}}})
        self.session = f"/session/{answer['sessionId']}"

    def _port(self):
        self.log.seek(0)
        found = re.search(rb"successfully on port (\d+)", self.log.read())
        assert self.driver.poll() is None, "chromedriver ended"
        return found and found.group(1)

    def _ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body=None if body is None else json.dumps(body))
        value = json.loads(connection.getresponse().read())["value"]
        connection.close()
        if isinstance(value, dict) and "error" in value:
            raise Stale(value["message"]) if value["error"] == "stale element reference" else AssertionError(value)
        return value

    def open(self, url: str) -> None:
        self._ask("POST", self.session + "/url", {"url": url})

    def run(self, script: str):
        """What a function with this body returns in the page."""
        return self._ask("POST", self.session + "/execute/sync", {"script": script, "args": []})

    def text(self, selector: str) -> str:
        while True:
            found = self._ask("POST", self.session + "/element", {"using": "css selector", "value": selector})
            try:
                return self._ask("GET", f"{self.session}/element/{next(iter(found.values()))}/text")
            except Stale:
                continue  # a live page

    def picture(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self._ask("GET", self.session + "/screenshot"))

    def emulate(self, **features) -> None:
        """Media features such as prefers_color_scheme="dark"."""
        self._ask("POST", self.session + "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {
            "features": [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]}})

    def complaints(self) -> list:
        """What it wrote to its console: errors of scripts and of the content policy."""
        return [line["message"] for line in self._ask("POST", self.session + "/se/log", {"type": "browser"})
                if line["level"] in ("WARNING", "SEVERE")]

    def close(self) -> None:
        try:
            self._ask("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait(20)
            self.log.close()
