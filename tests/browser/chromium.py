"""Chromium without a window, spoken to by the DevTools protocol over a pair of pipes.

A browser of its own for each test session, with an empty profile, in which nothing but what a page
itself asks for goes out: every request is noted before it is sent.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LONGEST = 60.0
_WORDS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-extensions", "--disable-default-apps", "--hide-scrollbars", "--mute-audio"),
    "--remote-debugging-pipe",
)


class Chromium:
    """One browser. `call` is a command of the protocol; what it tells unasked is kept."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = os.fdopen(commands, "wb", buffering=0)
        self._answers = os.fdopen(answers, "rb", buffering=0)
        self._number = 0
        self._unread = b""
        self.events: list[Mapping[str, Any]] = []

    def call(self, method: str, session: str = "", **words: Any) -> Any:
        """The result of a command. AssertionError when the browser refuses it."""
        self._number += 1
        told = {"id": self._number, "method": method, "params": words}
        line = {**told, "sessionId": session} if session else told
        self._commands.write(json.dumps(line).encode() + b"\0")
        while (answer := self._read()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def await_event(self, method: str, session: str) -> Mapping[str, Any]:
        """The first event of that name that has not been taken yet."""
        while True:
            for at, event in enumerate(self.events):
                if event.get("method") == method and event.get("sessionId") == session:
                    return self.events.pop(at)
            self.events.append(self._read())

    def _read(self) -> Mapping[str, Any]:
        while b"\0" not in self._unread:
            some = self._answers.read(1 << 20)
            assert some, "the browser has ended"
            self._unread += some
        line, _, self._unread = self._unread.partition(b"\0")
        message: Mapping[str, Any] = json.loads(line)
        return message

    def close(self) -> None:
        self._commands.close()
        self._answers.close()

    @contextmanager
    def page(
        self, width: int, height: int = 900, media: str = "screen", **features: str
    ) -> Iterator[Page]:
        """An empty page of that width, in CSS pixels; `media` and `features` are what style sheets
        ask for, such as `prefers_color_scheme="dark"`."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, width, height)
        named = [
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()
        ]
        page.call("Emulation.setEmulatedMedia", media=media, features=named)
        yield page
        self.call("Target.closeTarget", targetId=target)


class Page:
    """One page. `fetched` are the addresses that it has asked for, its own among them."""

    def __init__(self, browser: Chromium, session: str, width: int, height: int) -> None:
        self._browser = browser
        self._session = session
        self._width = width
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self._size(height)

    def call(self, method: str, **words: Any) -> Any:
        return self._browser.call(method, self._session, **words)

    def _size(self, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=self._width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def open(self, path: Path) -> float:
        """Open a file, and wait until it is there to be read; the seconds that took."""
        self.call("Page.navigate", url=path.resolve().as_uri())
        self._browser.await_event("Page.loadEventFired", self._session)
        entry = "performance.getEntriesByType('navigation')[0]"
        return float(self.ask(f"{entry}.loadEventEnd || {entry}.domComplete")) / 1000

    def ask(self, expression: str) -> Any:
        """What a JavaScript expression (or the promise that it gives) comes to."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """A click with the mouse, into the middle of the first such element."""
        place = self.ask(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            " one.scrollIntoView({block: 'center', behavior: 'instant'});"
            " const box = one.getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2] })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind, x=place[0], y=place[1], button="left", clickCount=1,
            )  # fmt: skip

    def follow(self, selector: str) -> None:
        """Click a link to another page, and wait until that is there."""
        self.click(selector)
        self._browser.await_event("Page.loadEventFired", self._session)

    def press(self, key: str) -> None:
        """A key of the keyboard: `Tab`, `Enter`."""
        code = {"Tab": 9, "Enter": 13}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text,
            )  # fmt: skip

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        """Keep what it looks like; the whole of it, as long as that is."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": self._width, "height": min(size["height"], 16000)}
        more = {"clip": {**clip, "scale": 1}, "captureBeyondViewport": True} if whole else {}
        image = self.call("Page.captureScreenshot", **more)["data"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(image))

    def printed(self) -> bytes:
        """The page as PDF."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    @property
    def fetched(self) -> list[str]:
        return [
            event["params"]["request"]["url"] for event in self._events("Network.requestWillBeSent")
        ]

    @property
    def complaints(self) -> list[str]:
        """What the browser had to say of the page: refusals by its policy, errors of scripts."""
        return [event["params"]["entry"]["text"] for event in self._events("Log.entryAdded")]

    def _events(self, method: str) -> Iterator[Mapping[str, Any]]:
        for event in self._browser.events:
            if event.get("method") == method and event.get("sessionId") == self._session:
                yield event


@contextmanager
def chromium() -> Iterator[Chromium]:
    """A browser, ended when this is left."""
    program = shutil.which("chromium")
    assert program, "Chromium is not installed (Debian's package is called chromium)"
    with tempfile.TemporaryDirectory(prefix="chromium", ignore_cleanup_errors=True) as profile:
        to_browser, from_browser = os.pipe(), os.pipe()
        # It reads commands from descriptor 3 and writes answers to 4. (Not sh: dash knows no
        # descriptor of two digits.)
        shell = f'exec "$@" 3<&{to_browser[0]} 4>&{from_browser[1]}'
        process = subprocess.Popen(
            ["bash", "-c", shell, "bash", program, *_WORDS, f"--user-data-dir={profile}"],
            pass_fds=(to_browser[0], from_browser[1]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser[0])
        os.close(from_browser[1])
        browser = Chromium(to_browser[1], from_browser[0])
        try:
            yield browser
            browser.call("Browser.close")
        finally:
            browser.close()
            process.terminate()
            process.wait(LONGEST)
