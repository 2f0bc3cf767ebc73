"""A simulator with a network, in a process of its own, as a benchmark sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from types import TracebackType
from typing import Any, Self

from tests.benchmarks.rivals import MARK

__all__ = ["Contender"]


class Contender:
    """Start the process and wait until the network is built.

    Parameters
    ----------
    name, network : str
        Simulator and network; see `tests.benchmarks.rivals`.
    scale, duration, threads
        As `Runner` has them.

    Attributes
    ----------
    missing : str
        Why it cannot run here; empty where it can.
    synapses : int
        How many it built.
    redraws : bool
        Whether every run has other connections.
    clock : str
        By what it can be compared: ``seconds`` or ``cpu_seconds``.
    needs : float
        The bytes that it says it needs.
    runs : list of dict
        All answers so far.
    """

    synapses: int = 0
    needs: float = 0.0

    def __init__(
        self,
        name: str,
        network: str,
        scale: float = 1.0,
        duration: float = 1000.0,
        threads: int = 1,
    ) -> None:
        self.name = name if threads == 1 else f"{name}, {threads} threads"
        self.runs: list[dict[str, Any]] = []
        self._said: deque[str] = deque(maxlen=20)
        module, numbers = "tests.benchmarks.rivals", (scale, duration, threads)
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, name, network, *map(str, numbers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # whoever may use several threads is told so in its own way
            env=os.environ | {"OMP_NUM_THREADS": str(threads), "PYTHONWARNINGS": "ignore"},
        )
        kind = self._answer()
        self.missing: str = kind["missing"]
        self.redraws: bool = kind["redraws"]
        self.clock = "cpu_seconds" if kind["counts_cpu"] else "seconds"
        if not self.missing:
            built = self._answer()
            self.synapses, self.needs = built["synapses"], built["needs"]

    def run(self, seed: int | None = None) -> dict[str, Any]:
        """Run once, with another seed where one is given; see `tests.benchmarks.rivals.Run`."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{'' if seed is None else seed}\n")
        self._process.stdin.flush()
        answer = self._answer()
        self.runs.append(answer)
        return answer

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(MARK):
                return json.loads(line.removeprefix(MARK))
            self._said.append(line)
        raise RuntimeError(f"{self.name} failed:\n{''.join(self._said)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
