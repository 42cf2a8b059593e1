"""A real browser for the tests: Chromium without a window, spoken to over two pipes.

`Page.faults` is what no page may have: an error, a request, sideways scrolling, or text that
is hard to read against what is behind it.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--remote-debugging-pipe"),
)
PATIENCE = 120.0  # seconds for an answer; nothing is judged by it

# The contrast of every text with the first background behind it, by WCAG's formula.
CONTRAST = """(() => {
  const parse = text => { const m = text.match(/[\\d.]+/g).map(Number);
    return m.length < 4 ? [...m, 1] : m; };
  const lum = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const bad = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim(), element = walk.currentNode.parentElement;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    if (!text || !size || element.closest('.unseen, .skip, style, script, svg')) continue;
    let behind = element, back = [255, 255, 255, 1];
    while (behind) {
      const computed = getComputedStyle(behind), c = parse(computed.backgroundColor);
      if (c[3] === 1) { back = c; break; }
      if (computed.backgroundImage !== 'none') { behind = null; break; }
      behind = behind.parentElement;
    }
    if (!behind) continue;
    const [a, b] = [lum(parse(style.color)), lum(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) bad.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return bad;
})()"""


class Page:
    """One page in the browser."""

    def __init__(self, send: int, receive: int) -> None:
        self.send, self.receive = send, receive
        self.count, self.left = 0, b""
        self.events: list[dict[str, Any]] = []
        self.session, self.width = "", 0
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command, and return its answer; what is told meanwhile is kept."""
        self.count += 1
        message: dict[str, Any] = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.send, data) :]
        while True:
            got = self.read()
            if got.get("id") == self.count:
                if "error" in got:
                    raise RuntimeError(f"{method}: {got['error']}")
                return dict(got["result"])
            self.events.append(got)

    def read(self) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while b"\0" not in self.left:
            if not select.select([self.receive], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            got = os.read(self.receive, 1 << 20)
            if not got:
                raise EOFError("the browser has ended")
            self.left += got
        message, _, self.left = self.left.partition(b"\0")
        return dict(json.loads(message))

    def evaluate(self, code: str) -> Any:
        """The value of an expression in the page."""
        answer = self.call(
            "Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def open(self, file: Path, width: int = 1280, dark: bool = False, media: str = "") -> None:
        """Open a file, and wait until it has been drawn."""
        self.events.clear()
        self.width = width
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.call("Page.navigate", url=file.resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.read())
        self.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")

    def faults(self) -> list[str]:
        """Errors, requests, sideways scrolling and texts that are hard to read."""
        found = []
        for event in self.events:
            method, told = event.get("method"), event.get("params", {})
            if method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
                found.append(told["entry"]["text"])
            if method == "Runtime.exceptionThrown":
                found.append(str(told["exceptionDetails"]))
            if method == "Network.requestWillBeSent":
                url = told["request"]["url"]
                if not url.startswith(("file:", "data:")):
                    found.append(f"asks for {url}")
        wide = self.evaluate("document.documentElement.scrollWidth") - self.width
        if wide > 0:
            found.append(f"is {wide} pixels too wide")
        return found + self.evaluate(CONTRAST)

    def picture(self, file: Path, height: int | None = None) -> None:
        """Write what the page looks like, the whole or its upper part."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        high = height or size["height"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": high, "scale": 1}
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        file.write_bytes(base64.b64decode(shot["data"]))

    def printed(self) -> bytes:
        """The page as PDF."""
        return base64.b64decode(self.call("Page.printToPDF")["data"])


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """A page in a browser of its own.

    Parameters
    ----------
    profile
        A folder for what the browser keeps.
    """
    assert PROGRAM is not None
    to_read, send = os.pipe()
    receive, to_write = os.pipe()

    def pipes() -> None:  # the browser reads from 3 and writes to 4
        reader, writer = os.dup(to_read), os.dup(to_write)
        os.dup2(reader, 3)
        os.dup2(writer, 4)

    process = subprocess.Popen(
        [PROGRAM, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=False,
        preexec_fn=pipes,
    )
    os.close(to_read)
    os.close(to_write)
    try:
        yield Page(send, receive)
    finally:
        os.close(send)
        os.close(receive)
        process.terminate()
        process.wait()
