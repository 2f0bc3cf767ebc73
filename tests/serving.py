"""A real server in a process of its own, for the browser tests and the benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from explorer.server import free_port

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]
READY_SECONDS = 60


def start(port: int, folder: Path) -> subprocess.Popen[bytes]:
    """Start ``spikescope serve`` on a port, and wait until it answers."""
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": str(folder / "compiled")}
    command = [sys.executable, "-c", "from explorer.cli import main; main()"]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "serve", "--port", str(port), "--no-show"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/", timeout=READY_SECONDS):
                return process
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"the server did not start:\n{(folder / 'server.log').read_text()}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a server and wait until its port is free."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def served() -> Iterator[str]:
    """Serve the labs for a while; gives their address."""
    with tempfile.TemporaryDirectory(prefix="spikescope-") as folder:
        port = free_port(5100 + os.getpid() % 500)
        process = start(port, Path(folder))
        try:
            yield f"http://localhost:{port}/"
        finally:
            stop(process)
