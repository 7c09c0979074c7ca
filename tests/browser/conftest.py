"""A real Chromium on the page of a real server with real checkpoints: no part of the way is left out.

Driven by playwright: its driver comes in the wheel and speaks to the system's Chromium, where selenium needs a
chromedriver of the very same version, and has no words for colour schemes, several origins or file choosers.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    expect,
    sync_playwright,
)

SAMPLES = Path(__file__).parent.parent.parent / "weights_registry" / "samples"
TABBY = SAMPLES / "tabby_cat.jpg"
CATS = {"tabby", "tiger cat", "Egyptian cat"}
LITE0, LITE1 = (f"EfficientNet_Lite{number}_Weights.ImageNet1K_V1" for number in (0, 1))

TIMEOUT_MS = 30_000  # for a machine that does much else; what is there is not waited for
FLAGS = (
    "--no-sandbox",  # Chromium refuses to run as root with it, and CI is root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a camera that shows a moving pattern
)


@dataclass
class Visit:
    """The page in a window of its own, and what must not happen there.

    `expected` are patterns of console errors that the test provokes.
    """

    page: Page
    context: BrowserContext
    origin: str
    expected: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)

    def open(self) -> "Visit":
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.context.on("request", self._watch)
        # Choosers are intercepted while there is a listener, and who adds one does not wait until they are: a key that
        # is pressed at once may be quicker. This one is there from before the page is.
        self.page.on("filechooser", lambda _: None)
        self.page.goto(self.origin)
        self.page.locator("#weights:enabled, #unlock:visible").first.wait_for()
        return self

    def choose(self, *files: Path) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Choose pictures").click()
        chooser.value.set_files(files)

    def card(self, name: str) -> Locator:
        return self.page.locator(".card", has=self.page.get_by_role("heading", name=name, exact=True))

    def best(self, name: str) -> str:
        """The likeliest label of the picture called `name`, once it is shown."""
        return self.card(name).locator("tbody th").first.inner_text().strip()

    def check(self) -> None:
        assert [error for error in self.errors if not any(re.search(each, error) for each in self.expected)] == []
        assert self.foreign_requests == []

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", "blob:")):
            self.foreign_requests.append(request.url)


Open = Callable[..., Visit]
Prepare = Callable[[BrowserContext], None]


@contextmanager
def serving(*flags: str) -> Iterator[str]:
    """A server in a process of its own, as people start it; gives its address once it is ready."""
    command = [sys.executable, "-m", "serve.cli.main", "run", "--port", "0", "--access-log", "off", *flags]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            address = re.search(r"http://\S+", process.stderr.readline())
            assert address, "the server did not start"
            _wait_until_ready(address[0], process)
            yield address[0]
        finally:
            process.terminate()


def _wait_until_ready(address: str, process: "subprocess.Popen[str]") -> None:
    while process.poll() is None:
        try:
            with urlopen(f"{address}/readyz"):
                return
        except HTTPError:  # not yet: it listens already, and pytest-timeout watches
            time.sleep(0.05)
    raise AssertionError(f"the server ended: {process.stderr.read() if process.stderr else ''}")


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with serving("--weights", f"{LITE0},{LITE1}") as found:
        yield found


# Not for the whole session: while playwright's event loop lives, no other test of this process can run its own.
@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        needed = (
            "these tests need Chromium, and there is none: `apt install chromium` on Debian, `dnf install chromium` on "
            "Fedora; or name a Chrome that is there: `CHROMIUM=/path/to/chrome make test`"
        )
        # A newcomer's `make test` passes without a browser and says so; `.ci/run` installs one and sets CI.
        pytest.fail(needed, pytrace=False) if os.environ.get("CI") else pytest.skip(needed)
    with sync_playwright() as playwright:
        expect.set_options(timeout=TIMEOUT_MS)
        started = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS])
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Opens the page, in a window as the keywords say; in the end, nothing may have gone wrong in any of them."""
    visits: list[Visit] = []

    def open_page(origin: str = address, *, before: Prepare | None = None, **options: Any) -> Visit:
        context = browser.new_context(**{"permissions": ["camera"]} | options)
        context.set_default_timeout(TIMEOUT_MS)
        if before is not None:
            before(context)
        visit = Visit(context.new_page(), context, origin)
        visits.append(visit)
        return visit.open()

    yield open_page
    for visit in visits:
        visit.context.close()
    for visit in visits:
        visit.check()


@pytest.fixture
def visit(open_page: Open) -> Visit:
    """The page in a window of the usual size."""
    return open_page()
