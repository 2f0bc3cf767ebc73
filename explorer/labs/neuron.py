"""The neuron lab: one model, its stimulus, its spikes."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import panel as pn
from bokeh.document import Document

from engine import LIF, Experiment, Recording, SpikescopeError, catalog, simulate
from engine.simulation import is_compiled
from explorer import controls, links, shell, typeset
from explorer.components import ControlRail, HeaderBar, Insight, Message, StatusLine
from explorer.presets import presets
from explorer.runner import LatestRunner
from explorer.state import LabState
from explorer.transport import in_one_piece, send_promptly
from explorer.views import (
    Curves,
    RasterView,
    RateView,
    StimulusView,
    SurrogateView,
    View,
    VoltageView,
    Window,
    curves_of,
)

__all__ = ["NeuronLab"]

log = logging.getLogger(__name__)

TITLE = "Neuron lab"


@dataclass(frozen=True)
class Result:
    """What a run gives: the recording, and the surrogate gradient's curves."""

    recording: Recording
    curves: Curves


@dataclass(frozen=True)
class Request:
    """A run to be made, and the message of the rail that asked for it."""

    experiment: Experiment
    seq: int


class NeuronLab(pn.viewable.Viewer):
    """A lab of one neuron model: controls, linked plots, numbers.

    Parameters
    ----------
    experiment : Experiment, optional
        What to start with: LIF in its default experiment if not given.
    query : str, optional
        A link's query; what it says is put on top of ``experiment``.

    Attributes
    ----------
    state : LabState
        The one state: read and set it, and everything follows.
    recording : Recording or None
        The run that the plots show.
    """

    def __init__(self, experiment: Experiment | None = None, query: str = "") -> None:
        super().__init__()
        self.home = experiment or Experiment(LIF)
        link = links.from_query(query, self.home)
        self.state = LabState(link.experiment)
        self.recording: Recording | None = None
        self._document = pn.state.curdoc
        self._has_session = (
            self._document is not None and self._document.session_context is not None
        )
        self._seq = 0
        self._asked: Experiment | None = None  # what the plots show once nothing runs any more
        self._complaints = link.complaints
        self._laid_out: tuple[Any, ...] = ()
        self._ranges: controls.Ranges = {}

        window = Window(link.experiment["duration"])
        self.window = window
        self.views: list[View] = [
            StimulusView(window),
            VoltageView(window),
            (raster := RasterView(window)),
            RateView(window, time_axis=True),
        ]
        self.surrogate = SurrogateView()
        self.rail = ControlRail()
        self.header = HeaderBar(
            labs=[{"id": "neuron", "label": TITLE, "href": "#", "current": True}],
            models=controls.model_options(),
            presets=[{"id": p.id, "label": p.label, "hint": p.hint} for p in presets().values()],
        )
        self.status = StatusLine()
        self.insight = Insight(
            figure=pn.pane.Bokeh(self.surrogate.figure),
            figure_title="Surrogate (dashed) and its slope",
        )
        self.runner: LatestRunner[Request, Result] = LatestRunner(
            self._compute,
            self._deliver,
            self._fail,
            self._schedule,
        )
        self.rail.on_message(self._on_rail)
        self.header.on_message(self._on_header)
        raster.on_pick(self.state.watch)
        for view in self.views:
            view.on_zoom(self._redraw)
        self.state.param.watch(self._on_state, ["experiment", "errors"])
        self._on_state()

    # -- from the user ---------------------------------------------------------------------------

    def _on_rail(self, message: Message) -> None:
        send_promptly(self._document)
        self._complaints = ()  # read, or at least not what the user is about now
        self._seq = max(self._seq, int(message["seq"]))
        path = str(message["path"])
        match message["type"]:
            case "set":
                self.state.set(path, message["value"])
            case "text":
                self.state.set(path, str(message["text"]))
            case "reset":
                self.state.reset(path)
            case "spread":
                self.state.spread(path, bool(message["on"]))
        if not self.runner.is_busy:  # nothing to wait for: the message changed no plot
            self.rail.ack = self._seq

    def _on_header(self, message: Message) -> None:
        self._complaints = ()
        match message["type"]:
            case "model":
                self.state.set("model", str(message["value"]))
            case "preset":
                preset = presets()[str(message["id"])]
                self.state.replace(preset.experiment, f"preset {preset.label}")
                self.state.preset = preset.id
                self.header.preset = preset.id
            case "undo":
                self.state.undo()
            case "redo":
                self.state.redo()
            case "reset_all":
                self.state.reset_all()

    # -- from the state --------------------------------------------------------------------------

    def _on_state(self, *_: Any) -> None:
        """Bring controls, link and plots up to the state, and ask for a run where one is due.

        While a slider moves the browser already shows its value: what else the state changes on the
        page goes out with the plots, in one message.
        """
        experiment = self.state.experiment
        if not self.state.is_runnable:
            self.runner.cancel()
            self.rail.ack, self.status.busy, self._asked = self._seq, "", None
            if self.recording is None:  # a link that does not fit together: never a blank plot
                self._request(Experiment(experiment.model))
        elif self._asked != experiment:
            self._request(experiment)
            if self._layout_of(experiment) == self._laid_out and not self.state.errors:
                return
        with self._held():
            self._show_state()

    def _show_state(self) -> None:
        experiment = self.state.experiment
        layout = self._layout_of(experiment)
        if self._laid_out[:1] != layout[:1]:
            self._ranges = {}  # another model starts with the ranges that it declares
        ranges = controls.widened(experiment, self._ranges)
        if (layout, ranges) != (self._laid_out, self._ranges):
            self._laid_out, self._ranges = layout, ranges
            self.rail.groups = controls.groups(experiment, ranges)
            self.insight.equation = typeset.equation(experiment.model.equation)
            self.insight.note = catalog.summary(experiment.model)
        self.rail.param.update(values=controls.values(experiment), errors=dict(self.state.errors))
        self.header.param.update(
            model=experiment.model.__name__,
            preset=self.state.preset,
            can_undo=self.state.can_undo,
            can_redo=self.state.can_redo,
            query=links.to_query(experiment, self.home),
        )
        if self._complaints:
            self._say(" ".join(self._complaints), "warn")
        elif self.state.errors:
            self._say(next(iter(self.state.errors.values())), "error")
        elif self.status.message:
            self.status.message = {}

    @staticmethod
    def _layout_of(experiment: Experiment) -> tuple[Any, ...]:
        """Give what decides which controls there are."""
        slots = experiment.structure.slots.values()
        return (
            experiment.model,
            *slots,
            experiment.surrogate,
            experiment.spread_paths,
            experiment.n,
        )

    def _request(self, experiment: Experiment) -> None:
        if not is_compiled(experiment.structure):
            self.status.busy = f"compiling {experiment.model.__name__}"
        self._asked = experiment
        self.runner.request(Request(experiment, self._seq))

    # -- from the runner -------------------------------------------------------------------------

    def _compute(self, request: Request, should_stop: Callable[[], bool]) -> Result:
        """Simulate what has changed; in a worker thread."""
        experiment, shown = request.experiment, self.recording
        if shown is None or _differs(shown.experiment, experiment):
            recording = simulate(experiment, should_stop=should_stop)
        else:
            recording = replace(shown, experiment=experiment)
        return Result(recording, curves_of(experiment))

    def _deliver(self, request: Request, result: Result) -> None:
        recording = result.recording
        with self._held():
            self.surrogate.update(result.curves)
            if self.recording is None or recording.traces is not self.recording.traces:
                self.window.fit(recording.duration)
                for view in self.views:
                    view.update(recording)
                self.insight.numbers = _numbers(recording)
            self.recording = recording
            self.status.param.update(items=_status(recording), busy="")
            self._show_state()
            if recording.problem:
                self._say(recording.problem, "error")
            self._acknowledge(request)

    def _fail(self, request: Request, error: Exception) -> None:
        with self._held():
            self._show_state()
            self.status.busy, self._asked = "", None
            if isinstance(error, SpikescopeError):
                path = getattr(error, "path", "")
                self.rail.errors = dict(self.state.errors) | {path: str(error)}
                self._say(str(error), "error")
            else:
                log.error("a run failed", exc_info=error)
                self._say(
                    "the simulation failed and the last good plot is kept: undo the last change or "
                    "reload the page",
                    "error",
                )
            self._acknowledge(request)

    def _acknowledge(self, request: Request) -> None:
        """Acknowledge what the plots show now: all messages so far, where no run waits."""
        seq = request.seq if self.runner.queue_length else self._seq
        self.rail.ack = max(self.rail.ack, seq)

    def _redraw(self) -> None:
        """Send what a new window of time needs."""
        if self.recording is not None:
            with self._held():
                for view in self.views:
                    view.update(self.recording)

    def _say(self, sentence: str, tone: str) -> None:
        sentence = sentence[:1].upper() + sentence[1:].rstrip(".") + "."
        self.status.message = {"text": sentence, "tone": tone}

    # -- where things run ------------------------------------------------------------------------

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Collect all changes of a page into one message."""
        if self._document is None:
            yield
            return
        with in_one_piece(self._document), pn.io.hold(self._document):
            yield

    def _schedule(self, callback: Callable[[], None]) -> None:
        document = self._document
        if document is not None and self._has_session:
            if document.session_context is not None:  # else the page was closed meanwhile
                document.add_next_tick_callback(lambda: _when_loaded(document, callback))
        elif self._loop is not None:
            self._loop.call_soon_threadsafe(callback)
        else:
            callback()

    @property
    def _loop(self) -> asyncio.AbstractEventLoop | None:
        """The running event loop of a notebook's kernel; None in a plain script."""
        try:
            return asyncio.get_running_loop()
        except RuntimeError:
            return None

    # -- shown -----------------------------------------------------------------------------------

    def plots(self) -> pn.Column:
        """Return the linked plots, one under the other."""
        figures = [view.figure for view in self.views]
        return shell.stack(figures, weights=[0.7, 1.2, 1.5, 0.95], wide_only=[figures[0]])

    def page(self) -> pn.Template:
        """Return the whole page."""
        return shell.page(
            f"{TITLE} · Spikescope", self.header, self.rail, self.plots(), self.insight, self.status
        )

    def __panel__(self) -> pn.viewable.Viewable:
        plots = pn.Column(self.plots(), height=640, sizing_mode="stretch_width")
        rail = pn.Column(self.rail, width=320, height=640, scroll=True)
        return pn.Column(pn.Row(rail, plots), self.status, sizing_mode="stretch_width")


def _when_loaded(document: Document, callback: Callable[[], None]) -> None:
    """Call back before a browser has asked for the page, or once it has all of it.

    Panel 1.9 loses what changes while a page is on its way.
    """
    session = getattr(document.session_context, "session", None)
    if session is None:
        return
    if pn.state.loaded or not session.connection_count:
        callback()
    else:
        pn.state.onload(callback)


def _differs(shown: Experiment, wanted: Experiment) -> bool:
    """Whether a run would show something else; the surrogate only matters to gradients."""
    if (shown.structure, shown.watched) != (wanted.structure, wanted.watched):
        return True
    return any(shown[p] != wanted[p] for p in wanted.specs if not p.startswith("spk_fun."))


def _numbers(recording: Recording) -> list[dict[str, str]]:
    silent = recording.spike_count == 0
    cv = recording.cv
    return [
        _figure("rate", "Mean rate", f"{recording.rate:.1f}", "Hz", "Spikes per neuron and second"),
        _figure("count", "Spikes", f"{recording.spike_count:,}", "", "Spikes of all neurons"),
        _figure(
            "cv",
            "CV of intervals",
            "–" if silent or math.isnan(cv) else f"{cv:.2f}",
            "",
            "Irregularity of the intervals between spikes: 0 is a clock, 1 is Poisson",
        ),
        _figure("neurons", "Neurons", f"{recording.experiment.n:,}", "", "Size of the population"),
    ]


def _figure(id_: str, label: str, value: str, unit: str, title: str) -> dict[str, str]:
    return {"id": id_, "label": label, "value": value, "unit": unit, "title": title}


def _status(recording: Recording) -> list[dict[str, str]]:
    experiment, timing = recording.experiment, recording.timing
    items = [("run", f"{timing.run * 1e3:.1f} ms run", "Time the simulation took")]
    if timing.compile:
        sentence = f"first run compiled in {timing.compile:.1f} s"
        items.append(("compile", sentence, "Every later run of this model is ready at once"))
    items += [
        ("spikes", f"{recording.spike_count:,} spikes", "Spikes of all neurons"),
        ("steps", f"{experiment.n_steps:,} steps of {experiment['dt']:g} ms", "Steps of the run"),
        ("seed", f"seed {experiment['seed']:.0f}", "The same seed gives the same spikes"),
    ]
    return [{"id": i, "text": text, "tone": "normal", "title": title} for i, text, title in items]
