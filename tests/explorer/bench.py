"""A lab without a browser: what drives it, and what it shows."""

import time
from queue import Empty, SimpleQueue

import numpy as np

LIMIT = 60.0


class Driven:
    """Mixed into a lab, its page has an event loop in the test's own thread."""

    def __init__(self, *args, **kwargs):
        self.callbacks = SimpleQueue()
        super().__init__(*args, **kwargs)

    def _schedule(self, callback):
        self.callbacks.put(callback)

    def settle(self):
        """Run callbacks until no run is under way."""
        end = time.monotonic() + LIMIT
        while self.runner.is_busy and time.monotonic() < end:
            try:
                self.callbacks.get(timeout=0.05)()
            except Empty:
                continue
        assert not self.runner.is_busy
        return self

    def send(self, type_, path, settle=True, **content):
        """Do what the rail does; returns the message's number."""
        seq = self.rail.ack + 1 if settle else self._seq + 1
        self.rail._handle_msg({"type": type_, "path": path, "seq": seq, **content})
        if settle:
            self.settle()
        return seq

    @property
    def small_figures(self):
        """The figures of the insight column."""
        raise NotImplementedError

    @property
    def picture(self):
        """Everything that the plots show."""
        figures = [view.figure for view in self.views] + self.small_figures
        sources = [r.data_source.data for f in figures for r in f.renderers]
        return [np.asarray(column) for data in sources for column in data.values()]


def differs(one, other):
    """Whether two pictures differ."""
    return any(
        a.dtype == object or a.shape != b.shape or not np.array_equal(a, b, equal_nan=True)
        for a, b in zip(one, other, strict=True)
    )


def rows(lab):
    return {row["path"]: row for group in lab.rail.groups for row in group["controls"]}


def moved(lab, row):
    """Choose another value for a control, one that must change what is seen."""
    if row["kind"] == "choice":
        now = lab.rail.values[row["path"]]
        return next(o["value"] for o in row["options"] if o["value"] != now)
    low, high = row["soft"]
    now = lab.rail.values[row["path"]]
    value = next(v for v in (low + 0.5 * (high - low), low + 0.3 * (high - low)) if v != now)
    return round(value) if row["integer"] else value
