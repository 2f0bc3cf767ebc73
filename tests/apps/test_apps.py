"""The apps compose what the explorer offers; nothing is computed in them."""

import ast
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from explorer.server import free_port

ROOT = Path(__file__).parents[2]
APPS = sorted((ROOT / "apps").glob("*.py"))
NAMES = [app.stem for app in APPS]


def test_there_is_an_app():
    assert APPS


@pytest.mark.parametrize("app", APPS, ids=NAMES)
def test_an_app_is_short_and_says_what_it_is(app):
    text = app.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("app", APPS, ids=NAMES)
def test_an_app_only_composes(app):
    tree = ast.parse(app.read_text(encoding="utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.partition(".")[0])
    assert imported <= {"__future__", "explorer", "panel"}


@pytest.mark.parametrize("app", APPS, ids=NAMES)
def test_an_app_serves_its_page(app, tmp_path):
    port = free_port(5700 + os.getpid() % 300)  # another process of the tests looks elsewhere
    log = tmp_path / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "panel", "serve", str(app), "--port", str(port)],
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
        )
    try:
        page = fetch(f"http://localhost:{port}/{app.stem}", process)
    finally:
        process.terminate()
        process.wait(15)
    assert "Spikescope" in page, log.read_text()
    assert "Traceback" not in log.read_text()
    assert 'class="shell' in page


def fetch(address, process):
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(0.2)
    return ""
