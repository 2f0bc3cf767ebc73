"""A real server, a real browser, and a page that is looked at and touched as a user does."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from explorer.server import free_port
from tests import serving
from tests.browser.page import Lab

WIDE = {"width": 1440, "height": 900}


@pytest.fixture(scope="session")
def cache():
    """A folder for compiled programs and the logs of all servers of the session."""
    with tempfile.TemporaryDirectory(prefix="spikescope-browser-") as folder:
        yield Path(folder)


class Server:
    """``spikescope serve`` in a process of its own, on a port that stays the same."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port(8100 + os.getpid() % 1000)  # no port that browsers refuse, as 6667
        self.process = None

    @property
    def address(self):
        return f"http://localhost:{self.port}/"

    def start(self):
        self.process = serving.start(self.port, self.folder)

    def stop(self):
        serving.stop(self.process)

    @property
    def log(self):
        return (self.folder / "server.log").read_text(errors="replace")


@pytest.fixture(scope="session")
def server(cache):
    """A server for all tests that do not stop it."""
    server = Server(cache)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def browser(chromium_path):
    """Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path, args=serving.CHROMIUM_FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, server):
    """Open pages: ``visit(query="", at="synapse", viewport=..., **context)`` gives a `Lab`.

    At the end no page may have written an error to its console, asked another server for anything,
    or made the server print a traceback.
    """
    opened, log_before = [], len(server.log)

    def visit(query="", *, at="", viewport=WIDE, ready=True, **context):
        context = browser.new_context(viewport=viewport, **context)
        context.set_default_timeout(15_000)
        lab = Lab(context.new_page(), server.address, at)
        opened.append((context, lab))
        lab.open(query)
        if ready:
            lab.wait_ready()
        return lab

    yield visit
    for context, _ in opened:
        context.close()
    for _, lab in opened:
        assert lab.foreign == [], "the page asked another server"
        if not lab.may_complain:
            assert lab.complaints == [], "the console has errors"
    new = server.log[log_before:]
    assert "Traceback" not in new, new
    assert not re.search(r"\b(ERROR|CRITICAL)\b", new), new


@pytest.fixture
def lab(visit):
    """The default page, ready."""
    return visit()
