"""What every lab does: bring controls, link and plots up to one state, and run what is due."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar

import panel as pn

from engine import Recording, SpikescopeError, simulate
from engine.base_experiment import BaseExperiment
from engine.simulation import is_compiled
from explorer import changes, controls, links, shell
from explorer.components import ControlRail, HeaderBar, Insight, Message, StatusLine
from explorer.labs.comparing import Comparing
from explorer.pagethread import PageThread
from explorer.presets import presets
from explorer.runner import LatestRunner
from explorer.state import LabState
from explorer.transport import in_one_piece, send_promptly
from explorer.views import View, Window

__all__ = ["Description", "Lab", "number", "sentence"]

log = logging.getLogger(__name__)

LISTED = 200
"""Entries of the history that are listed."""

AnyExperiment = TypeVar("AnyExperiment", bound=BaseExperiment)
Extra = TypeVar("Extra")


@dataclass(frozen=True)
class Description:
    """What the page says about an experiment.

    Attributes
    ----------
    model : str
        What the picker of the header shows.
    equation : str
        MathML, with the parameters marked; see `explorer.typeset.equation_of`.
    note : str
        A sentence under the equation.
    """

    model: str
    equation: str
    note: str


@dataclass(frozen=True)
class Result(Generic[Extra]):
    """What a run gives: the recording, and whatever else the lab works out of it."""

    recording: Recording
    extra: Extra


@dataclass(frozen=True)
class Request:
    """A run to be made, and the message of the rail that asked for it."""

    experiment: Any
    seq: int


class Lab(pn.viewable.Viewer, Generic[AnyExperiment, Extra]):
    """A page of controls, linked plots and numbers around one kind of experiment.

    A lab declares its views, its controls and its numbers; everything between a slider and a pixel
    is here.

    Parameters
    ----------
    experiment : experiment, optional
        What to start with; the lab's own default if not given.
    query : str, optional
        A link's query; what it says is put on top of ``experiment``.

    Attributes
    ----------
    state : LabState
        The one state: read and set it, and everything follows.
    recording : Recording or None
        The run that the plots show.
    """

    id: ClassVar[str]
    """Name of the lab in links and among the presets."""
    title: ClassVar[str]
    """Name of the lab on its tab."""
    figure_title: ClassVar[str]
    """Heading of the small figure in the insight column."""
    __abstract = True

    def __init__(self, experiment: AnyExperiment | None = None, query: str = "") -> None:
        super().__init__()
        self.home = experiment or self.default()
        link = links.from_query(query, self.home, self.named())
        self.state = LabState(link.experiment)
        self.recording: Recording | None = None
        self._done = True  # whether the recording is the whole of its run
        self._thread = PageThread()
        self._document = self._thread.document
        self._seq = 0
        self._asked: Any = None  # what the plots show once nothing runs any more
        self._agreed: Any = None  # what the user wants to see, however long it takes
        self._under_way: Request | None = None  # whose word counts; set by the worker
        self._complaints = link.complaints
        self._notice: dict[str, Any] = {}  # what the status line says until the user goes on
        self._noticed = 0  # entry of the history that it is about
        self._left_off = ""  # query of where the user was in an earlier session
        self._laid_out: tuple[Any, ...] = ()
        self._ranges: controls.Ranges = {}

        self.window = Window(link.experiment["duration"])
        self.views = self.make_views(self.window)
        self.rail = ControlRail()
        self.header = HeaderBar(
            labs=shell.tabs(self.id),
            models=self.models(),
            presets=[preset.option for preset in presets(self.id).values()],
        )
        self.status = StatusLine()
        self.comparing = Comparing(self)
        self.insight = Insight(
            figure=pn.panel(self.small_figure()),
            figure_title=self.figure_title,
            shelf=self.comparing.panel,
        )
        self.runner: LatestRunner[Request, Result[Extra]] = LatestRunner(
            self._compute, self._deliver, self._fail, self._schedule
        )
        self.comparing.take(link.kept)
        self.rail.on_message(self._on_rail)
        self.header.on_message(self._on_header)
        self.status.on_message(self._on_status)
        for view in self.views:
            view.on_zoom(self.redraw)
        self.state.param.watch(self._on_state, ["experiment", "errors"])
        self._on_state()

    # -- what a lab declares ---------------------------------------------------------------------

    @classmethod
    @abstractmethod
    def default(cls) -> AnyExperiment:
        """Return what the lab starts with."""

    @abstractmethod
    def make_views(self, window: Window) -> list[View]:
        """Make the linked plots, from top to bottom; they share the window of time."""

    @abstractmethod
    def small_figure(self) -> Any:
        """Make the figure of the insight column."""

    @abstractmethod
    def models(self) -> list[dict[str, str]]:
        """Return what the picker of the header offers."""

    @abstractmethod
    def pick(self, model: str) -> None:
        """Take what was picked in the header."""

    @classmethod
    @abstractmethod
    def groups(
        cls, experiment: AnyExperiment, ranges: controls.Ranges = MappingProxyType({})
    ) -> list[dict[str, Any]]:
        """Lay out the controls."""

    @abstractmethod
    def layout_of(self, experiment: AnyExperiment) -> tuple[Any, ...]:
        """Give what decides which controls there are; first the models, which decide their ranges.

        With another model the sliders go back to the ranges that it declares.
        """

    @abstractmethod
    def describe(self, experiment: AnyExperiment) -> Description:
        """Say what is simulated."""

    @abstractmethod
    def work_out(self, experiment: AnyExperiment, recording: Recording) -> Extra:
        """Work out what the small figure and the numbers need; in a worker thread."""

    @abstractmethod
    def show_extra(self, extra: Extra) -> None:
        """Show what was worked out."""

    @abstractmethod
    def numbers(self, recording: Recording, extra: Extra) -> list[dict[str, str]]:
        """Return the numbers of a run, made with `number`."""

    @abstractmethod
    def plots(self) -> pn.Column:
        """Return the linked plots, one under the other."""

    @classmethod
    def named(cls) -> Mapping[str, BaseExperiment]:
        """Return the experiments that a link may start from, by name; by default none."""
        return {}

    def lay_out(
        self, experiment: AnyExperiment, ranges: controls.Ranges = MappingProxyType({})
    ) -> list[dict[str, Any]]:
        """Lay out the controls that are in sight; by default all of them."""
        return self.groups(experiment, ranges)

    def values(self, experiment: AnyExperiment) -> dict[str, Any]:
        """Return the value in force of every control that is in sight."""
        return controls.values(experiment)

    def hesitation(self, experiment: AnyExperiment) -> str:
        """Say what a run costs that should not start by itself; by default each one may."""
        return ""

    def stand_in(self, experiment: AnyExperiment) -> AnyExperiment:
        """Return what is shown first where the experiment itself cannot be, or not yet."""
        return experiment.fresh()

    def comparison(self, experiment: AnyExperiment) -> str:
        """Return the path of a choice of two that is compared in one click; by default none."""
        return ""

    def controls_column(self) -> pn.viewable.Viewable:
        """Return what stands beside the plots: by default the rail."""
        return self.rail

    # -- from the user ---------------------------------------------------------------------------

    def _on_rail(self, message: Message) -> None:
        self.touched()
        self._seq = max(self._seq, int(message["seq"]))
        path = str(message["path"])
        match message["type"]:
            case "set":
                self.state.set(path, message["value"], int(message.get("gesture", 0)))
            case "text":
                self.take_text(path, str(message["text"]))
            case "reset":
                self.state.reset(path)
            case "spread":
                self.state.spread(path, bool(message["on"]))
        if not self.runner.is_busy:  # nothing to wait for: the message changed no plot
            self.rail.ack = self._seq

    def take_text(self, path: str, text: str) -> None:
        """Take what was typed or pasted into a row."""
        self.state.set(path, text)

    def _on_header(self, message: Message) -> None:
        self.touched()
        before, preset_before = self.experiment, self.state.preset
        match message["type"]:
            case "model":
                self.pick(str(message["value"]))
                self.offer_undo(before, self.describe(self.experiment).model, preset_before)
            case "preset":
                preset = presets(self.id)[str(message["id"])]
                self.state.replace(preset.experiment, f"preset {preset.label}")
                self.state.preset = preset.id
                self.header.preset = preset.id
                self.offer_undo(before, f"the preset “{preset.label}”", preset_before)
            case "undo":
                self.state.undo()
            case "redo":
                self.state.redo()
            case "go":
                self.state.go(int(message["id"]))
            case "history":
                self.header.shows_history = bool(message["open"])
                self._show_history()
            case "reset_all":
                self.state.reset_all()
                self.offer_undo(before, "the defaults", preset_before)

    def _on_status(self, message: Message) -> None:
        match message["type"]:
            case "run":
                self._agreed = self.experiment
                self._on_state()
            case "cancel":
                self._hold_back("the run was stopped, and the plots show what there was by then")
            case "undo":
                self.touched()
                self.state.undo()
                self.refresh()
            case "put_back":
                self.touched()
                self.comparing.put_back()
            case "continue":
                self.touched()
                self._continue()

    def touched(self) -> None:
        """Forget what was said: read, or at least not what the user is about now."""
        send_promptly(self._document)
        self._complaints, self._notice = (), {}

    def complain(self, *sentences: str) -> None:
        """Say what could not be taken, together with what is shown next."""
        self._complaints = sentences

    def notify(self, text: str, tone: str = "normal", action: Any = None) -> None:
        """Say something in the status line, until the user does something else."""
        text = sentence(text).rstrip(".") + "."
        self._notice = {"text": text, "tone": tone} | ({"action": action} if action else {})
        self._noticed = self.state.moment
        self._show_notice()

    def offer_undo(self, before: AnyExperiment, what: str, preset: str = "") -> None:
        """Say that the user's work was replaced, beside a button that brings it back.

        What is as a preset or the defaults made it is nobody's work.
        """
        if not preset and before.differences() and not changes.alike(before, self.experiment):
            action = {"type": "undo", "label": "Undo this"}
            self.notify(f"what you had was replaced by {what}", action=action)

    def offer_last(self, query: str) -> None:
        """Offer to go on where the user was in an earlier session; never by itself."""
        read = links.from_query(query, self.home, self.named())
        if changes.alike(read.experiment, self.experiment) and not read.kept:
            return
        self._left_off = query
        name = changes.name_of(read.experiment, self.home)
        beside = f", beside {len(read.kept)} kept" if read.kept else ""
        action = {"type": "continue", "label": "Continue"}
        self.notify(f"continue where you left off ({name}{beside})", action=action)

    def _continue(self) -> None:
        read = links.from_query(self._left_off, self.home, self.named())
        self.complain(*read.complaints)
        self.comparing.take(read.kept)
        self.state.replace(read.experiment, "where you left off")
        self.refresh()

    def refresh(self) -> None:
        """Bring the page up to what is on the shelf, in one message."""
        with self._held():
            self._show_state()

    def schedule(self, callback: Callable[[], None]) -> None:
        """Call back where the page may be changed."""
        self._schedule(callback)

    @property
    def whole_recording(self) -> Recording | None:
        """The run of what the controls say; None while it is under way."""
        shown = self.recording
        whole = shown is not None and self._done and shown.experiment == self.experiment
        return shown if whole else None

    # -- from the state --------------------------------------------------------------------------

    @property
    def experiment(self) -> AnyExperiment:
        """What the controls say."""
        return self.state.experiment  # type: ignore[return-value]

    def _on_state(self, *_: Any) -> None:
        """Bring controls, link and plots up to the state, and ask for a run where one is due.

        While a slider moves the browser already shows its value: what else the state changes on the
        page goes out with the plots, in one message.
        """
        experiment = self.experiment
        if not self.state.is_runnable:
            self._stop()
            self.rail.ack, self.status.busy, self._asked = self._seq, "", None
            if self.recording is None:  # a link that does not fit together: never a blank plot
                self._request(self.stand_in(experiment))
        elif (
            experiment != self._agreed
            and (cost := self.hesitation(experiment))
            and self.comparing.known(experiment) is None
        ):
            self._hold_back(cost)
        elif self._asked != experiment:
            self._request(experiment)
            if self.layout_of(experiment) == self._laid_out and not self.state.errors:
                return
        with self._held():
            self._show_state()

    def _show_state(self) -> None:
        experiment = self.experiment
        layout = self.layout_of(experiment)
        if self._laid_out[:1] != layout[:1]:
            self._ranges = {}
        ranges = controls.widened(experiment, self._ranges)
        described = self.describe(experiment)
        if (layout, ranges) != (self._laid_out, self._ranges):
            self._laid_out, self._ranges = layout, ranges
            self.rail.groups = self.lay_out(experiment, ranges)
            self.insight.equation = described.equation
            self.insight.note = described.note
        self.rail.param.update(values=self.values(experiment), errors=dict(self.state.errors))
        self.header.param.update(
            model=described.model,
            preset=self.state.preset,
            can_undo=self.state.can_undo,
            can_redo=self.state.can_redo,
            query=links.with_kept(
                links.to_query(experiment, self.home, self.named()), self.comparing.parts()
            ),
        )
        self._show_history()
        self.comparing.show()
        if self._complaints:
            self._say(" ".join(self._complaints), "warn")
        elif self.state.errors:
            self._say(next(iter(self.state.errors.values())), "error")
        elif self._notice and self._noticed == self.state.moment:
            self._show_notice()
        elif self.status.message and self._asked == experiment:
            self.status.message = {}

    def _show_notice(self) -> None:
        quiet = not self._complaints and not self.state.errors
        if quiet and self._asked == self.experiment and self.status.message != self._notice:
            self.status.message = self._notice

    def _show_history(self) -> None:
        """List the history, while it is in sight."""
        listed = []
        if self.header.shows_history:
            entries = self.state.history[:LISTED]
            listed = [{"id": e.id, "label": e.label, "place": e.place} for e in entries]
        if self.header.history != listed:
            self.header.history = listed

    def _hold_back(self, sentence: str) -> None:
        """Keep the plots as they are; say why, beside a button that starts the run."""
        self._stop()
        self._asked = self._agreed = None
        with self._held():
            self.rail.ack = self._seq
            self.status.param.update(busy="", work={})
            self._say(sentence, "warn", {"type": "run", "label": "Run"})
        if self.recording is None:
            self._request(self.stand_in(self.experiment))

    def _stop(self) -> None:
        """Stop the run under way, and forget what it has still to say."""
        self.runner.cancel()
        self._under_way = None

    def _request(self, experiment: AnyExperiment) -> None:
        if experiment == self._agreed:
            self.status.busy = "preparing"
        self._asked = experiment
        self.runner.request(Request(experiment, self._seq))

    # -- from the runner -------------------------------------------------------------------------

    def _compute(self, request: Request, should_stop: Callable[[], bool]) -> Result[Extra]:
        """Simulate what has changed; in a worker thread."""
        self._under_way = request
        experiment, shown = request.experiment, self.recording
        if shown is not None and self._done and shown.experiment.runs_like(experiment):
            recording = replace(shown, experiment=experiment)
            return Result(recording, self.work_out(experiment, recording))
        if (known := self.comparing.known(experiment)) is not None:
            recording = replace(known, experiment=experiment)
            return Result(recording, self.work_out(experiment, recording))
        if not is_compiled(experiment.structure):
            self._schedule(lambda: self._wait(request, f"compiling {experiment.title}"))

        def on_part(part: Recording) -> None:
            result = Result(part, self.work_out(experiment, part))
            self._schedule(lambda: self._deliver_part(request, result))

        recording = simulate(experiment, should_stop=should_stop, on_part=on_part)
        return Result(recording, self.work_out(experiment, recording))

    def _wait(self, request: Request, reason: str) -> None:
        """Say why the plots are not up to date, unless they are by now."""
        if self._under_way is request:
            with self._held():
                self.status.busy = reason

    def _deliver_part(self, request: Request, result: Result[Extra]) -> None:
        """Show how far a long run has come."""
        if self._under_way is not request:
            return
        done = result.recording.n_steps / request.experiment.n_steps
        with self._held():
            self._show(result)
            self._done = False
            self.status.param.update(
                busy="", work={"text": f"{done:.0%} of the run", "fraction": done}
            )

    def _deliver(self, request: Request, result: Result[Extra]) -> None:
        recording, self._under_way = result.recording, None
        with self._held():
            self._show(result)
            self._done = True
            if request.experiment == self.experiment:
                self._asked = request.experiment
            self.status.param.update(items=_status(recording), busy="", work={})
            self.comparing.after_run(recording, self.insight.numbers)
            self._show_state()
            if recording.problem:
                self._say(recording.problem, "error")
            self._acknowledge(request)

    def _show(self, result: Result[Extra]) -> None:
        """Bring plots and numbers up to a recording."""
        recording = result.recording
        self.show_extra(result.extra)
        if self.recording is None or recording.traces is not self.recording.traces:
            self.window.fit(recording.duration)
            for view in self.views:
                view.update(recording)
            self.insight.numbers = self.numbers(recording, result.extra)
        self.recording = recording
        self.comparing.draw()

    def _fail(self, request: Request, error: Exception) -> None:
        self._under_way = None
        with self._held():
            self._show_state()
            self.status.param.update(busy="", work={})
            self._asked = None
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

    def redraw(self) -> None:
        """Send what a new window of time needs."""
        if self.recording is not None:
            with self._held():
                for view in self.views:
                    view.update(self.recording)
                self.comparing.draw()

    def _say(self, text: str, tone: str, action: dict[str, str] | None = None) -> None:
        text = sentence(text).rstrip(".") + "."
        self.status.message = {"text": text, "tone": tone} | ({"action": action} if action else {})

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
        self._thread.call(callback)

    # -- shown -----------------------------------------------------------------------------------

    def page(self) -> pn.Template:
        """Return the whole page."""
        return shell.page(
            f"{self.title} · Spikescope",
            self.header,
            self.controls_column(),
            self.plots(),
            self.insight,
            self.status,
        )

    def __panel__(self) -> pn.viewable.Viewable:
        plots = pn.Column(self.plots(), height=640, sizing_mode="stretch_width")
        rail = pn.Column(self.controls_column(), width=320, height=640, scroll=True)
        return pn.Column(pn.Row(rail, plots), self.status, sizing_mode="stretch_width")


def number(id_: str, label: str, value: str, unit: str, title: str) -> dict[str, str]:
    """Make an entry of the insight column."""
    return {"id": id_, "label": label, "value": value, "unit": unit, "title": title}


def sentence(text: str) -> str:
    """Begin a text with a capital letter."""
    return text[:1].upper() + text[1:]


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
