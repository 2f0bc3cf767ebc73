"""Latest wins: one run in flight, at most one waiting, and an event loop that never waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from engine import SimulationCancelled

__all__ = ["Job", "LatestRunner"]

Request = TypeVar("Request")
Result = TypeVar("Result")

_workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="simulation")


@dataclass
class Job(Generic[Request]):
    """A run under way."""

    request: Request
    stop: threading.Event


class LatestRunner(Generic[Request, Result]):
    """Runs the newest request; whatever was asked in between is dropped.

    Parameters
    ----------
    compute : callable
        ``compute(request, should_stop)`` in a worker thread; raises SimulationCancelled when told
        to stop.
    deliver : callable
        ``deliver(request, result)``.
    fail : callable
        ``fail(request, error)``.
    schedule : callable
        ``schedule(callback)`` runs a callback where the page may be changed: on the event loop,
        under the document's lock.
    """

    def __init__(
        self,
        compute: Callable[[Request, Callable[[], bool]], Result],
        deliver: Callable[[Request, Result], None],
        fail: Callable[[Request, Exception], None],
        schedule: Callable[[Callable[[], None]], object],
    ) -> None:
        self._compute, self._deliver, self._fail = compute, deliver, fail
        self._schedule = schedule
        self._lock = threading.Lock()
        self._running: Job[Request] | None = None
        self._waiting: list[Request] = []
        self.started = self.dropped = 0

    @property
    def is_busy(self) -> bool:
        """Whether a run is under way."""
        return self._running is not None

    @property
    def queue_length(self) -> int:
        """Number of requests that wait: 0 or 1."""
        return len(self._waiting)

    def request(self, request: Request) -> None:
        """Ask for a run; a waiting one is replaced, a running one is told to stop."""
        with self._lock:
            if self._running is not None:
                self.dropped += len(self._waiting)
                self._waiting[:] = [request]
                self._running.stop.set()
                return
            self._running = Job(request, threading.Event())
        self._start(self._running)

    def cancel(self) -> None:
        """Stop the run under way and forget the waiting one."""
        with self._lock:
            self.dropped += len(self._waiting)
            self._waiting.clear()
            if self._running is not None:
                self._running.stop.set()

    def _start(self, job: Job[Request]) -> None:
        self.started += 1
        future = _workers.submit(self._compute, job.request, job.stop.is_set)
        future.add_done_callback(lambda done: self._schedule(lambda: self._finish(job, done)))

    def _finish(self, job: Job[Request], done: Future[Result]) -> None:
        error = done.exception()
        try:
            if error is None:
                self._deliver(job.request, done.result())
            elif isinstance(error, Exception) and not isinstance(error, SimulationCancelled):
                self._fail(job.request, error)
        finally:
            with self._lock:
                self._running = None
                if self._waiting:
                    self._running = Job(self._waiting.pop(), threading.Event())
                following = self._running
            if following is not None:
                self._start(following)
