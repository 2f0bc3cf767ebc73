"""Latest wins: one run under way, one waiting, and the last request always arrives."""

import threading
import time
from queue import Empty, SimpleQueue

import pytest

from engine import SimulationCancelled
from explorer.runner import LatestRunner

LIMIT = 10.0


class Loop:
    """An event loop in the test's own thread, as the page has one."""

    def __init__(self, compute):
        self.callbacks = SimpleQueue()
        self.delivered, self.failed = [], []
        self.running = self.most_running = self.most_waiting = 0
        self._lock = threading.Lock()
        self._compute = compute
        self.runner = LatestRunner(
            self._counted,
            lambda request, result: self.delivered.append((request, result)),
            lambda request, error: self.failed.append((request, error)),
            self.callbacks.put,
        )

    def _counted(self, request, should_stop):
        with self._lock:
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        try:
            return self._compute(request, should_stop)
        finally:
            with self._lock:
                self.running -= 1

    def turn(self, condition=lambda: False):
        """Run callbacks until the condition holds or nothing is left to do."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            self.most_waiting = max(self.most_waiting, self.runner.queue_length)
            if condition():
                return
            try:
                self.callbacks.get(timeout=0.02)()
            except Empty:
                if not self.runner.is_busy:
                    return
        pytest.fail("the runner was still busy after ten seconds")


def stopping(request, should_stop):
    """Take a while, and stop when told."""
    for _ in range(5):
        if should_stop():
            raise SimulationCancelled
        time.sleep(0.0005)
    return request * 2


@pytest.fixture
def gate():
    return threading.Event()


@pytest.fixture
def gated(gate):
    """A loop whose runs wait for the gate and do not look whether they should stop."""
    loop = Loop(lambda request, should_stop: gate.wait(LIMIT) and request)
    yield loop
    gate.set()
    loop.turn()


def test_a_request_is_run_and_delivered():
    loop = Loop(stopping)
    loop.runner.request(21)
    assert loop.runner.is_busy
    loop.turn()
    assert loop.delivered == [(21, 42)]
    assert not loop.runner.is_busy


def test_a_storm_from_several_threads_keeps_one_running_and_one_waiting():
    loop = Loop(stopping)
    over = threading.Barrier(5)

    def ask(first):
        for number in range(first, first + 250):
            loop.runner.request(number)
            loop.most_waiting = max(loop.most_waiting, loop.runner.queue_length)
            time.sleep(0.0002)
        over.wait(LIMIT)

    threads = [threading.Thread(target=ask, args=(i * 1000,)) for i in range(4)]
    for thread in threads:
        thread.start()
    loop.turn(lambda: over.n_waiting == 4)
    over.wait(LIMIT)
    loop.runner.request(-1)
    loop.turn()
    assert loop.most_running == 1
    assert loop.most_waiting == 1
    assert loop.delivered[-1] == (-1, -2)
    assert loop.failed == []
    assert loop.runner.started + loop.runner.dropped == 1001


def test_of_many_requests_during_a_run_only_the_last_is_run(gated, gate):
    for number in range(100):
        gated.runner.request(number)
    assert gated.runner.queue_length == 1
    gate.set()
    gated.turn()
    assert [request for request, _ in gated.delivered] == [0, 99]
    assert (gated.runner.started, gated.runner.dropped) == (2, 98)


def test_a_newer_request_tells_the_run_under_way_to_stop():
    asked = []

    def compute(request, should_stop):
        end = time.monotonic() + LIMIT
        while request == "old" and time.monotonic() < end:
            if should_stop():
                asked.append(request)
                raise SimulationCancelled
        return request

    loop = Loop(compute)
    loop.runner.request("old")
    loop.runner.request("new")
    loop.turn()
    assert asked == ["old"]
    assert [request for request, _ in loop.delivered] == ["new"]
    assert loop.failed == []


def test_cancel_stops_the_run_and_forgets_the_waiting_one():
    loop = Loop(stopping)
    loop.runner.request(1)
    loop.runner.request(2)
    loop.runner.cancel()
    assert loop.runner.queue_length == 0
    loop.turn()
    assert 2 not in [request for request, _ in loop.delivered]
    assert loop.failed == []
    assert not loop.runner.is_busy
    loop.runner.request(3)
    loop.turn()
    assert loop.delivered[-1] == (3, 6)


def test_cancel_of_nothing_is_harmless():
    loop = Loop(stopping)
    loop.runner.cancel()
    loop.runner.request(1)
    loop.turn()
    assert loop.delivered == [(1, 2)]


def test_an_error_is_reported_with_its_request_and_the_next_one_runs():
    def compute(request, should_stop):
        if request == "bad":
            raise ValueError("no such thing")
        return request

    loop = Loop(compute)
    loop.runner.request("bad")
    loop.runner.request("good")
    loop.turn()
    assert [(request, str(error)) for request, error in loop.failed] == [("bad", "no such thing")]
    assert loop.delivered == [("good", "good")]


def test_a_page_that_cannot_show_a_result_does_not_block_the_runner():
    loop = Loop(stopping)
    shown = []

    def deliver(request, result):
        if request == 1:
            raise RuntimeError("a plot broke")
        shown.append(result)

    loop.runner._deliver = deliver
    loop.runner.request(1)
    with pytest.raises(RuntimeError, match="a plot broke"):
        loop.turn()
    assert not loop.runner.is_busy
    loop.runner.request(2)
    loop.turn()
    assert shown == [4]


def test_results_arrive_through_the_scheduler_only(gated, gate):
    gated.runner.request(1)
    gate.set()
    gated.callbacks.put(gated.callbacks.get(timeout=LIMIT))  # the run is over
    assert gated.delivered == []
    assert gated.runner.is_busy
    gated.turn()
    assert gated.delivered == [(1, 1)]
