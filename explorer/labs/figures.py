"""The choice of the figure in the insight column: the lab's own, or a statistic of its spikes."""

from __future__ import annotations

import logging
from abc import abstractmethod
from typing import Any, ClassVar

import panel as pn

from engine import Recording
from explorer.components import Message
from explorer.labs.base import AnyExperiment, Extra, Lab, Result
from explorer.runner import LatestRunner
from explorer.statistics import FIGURES, Statistic, statistic
from explorer.views import StatisticsView

__all__ = ["LabWithStatistics"]

log = logging.getLogger(__name__)

OWN = "own"
"""Id of the figure that the lab had without statistics, and starts with."""

Chosen = tuple[Recording, str]
"""A recording, and the figure that is wanted of it."""


class LabWithStatistics(Lab[AnyExperiment, Extra]):
    """A lab whose insight column lets choose between a figure of its own and statistics of spikes.

    Only the figure in sight is worked out: with the run, in the same worker and shown with the
    plots. The choice belongs to the session, not to the experiment, and outlives every run.
    """

    own_figure: ClassVar[str]
    """What the choice calls the figure of the lab's own."""
    own_note: ClassVar[str]
    """A sentence under it."""
    own_help: ClassVar[str]
    """What it shows, in plain sentences."""
    figure_title = "Figure"
    __abstract = True

    def __init__(self, experiment: AnyExperiment | None = None, query: str = "") -> None:
        self._figure = OWN
        self._up_to_date = True  # whether the figure that is chosen came with the run
        super().__init__(experiment, query)
        self._chosen: LatestRunner[Chosen, Statistic] = LatestRunner(
            lambda chosen, should_stop: _worked_out(*chosen),
            self._deliver_chosen,
            lambda chosen, error: log.error("a figure could not be shown", exc_info=error),
            self._schedule,
        )
        labels = {OWN: self.own_figure} | {id_: figure.label for id_, figure in FIGURES.items()}
        self.insight.param.update(
            figures=[{"id": id_, "label": label} for id_, label in labels.items()],
            figure_id=OWN,
            figure_note=self.own_note,
            figure_help=self.own_help,
        )
        self.insight.on_message(self._on_insight)

    @abstractmethod
    def make_own_figure(self) -> Any:
        """Make the figure of the lab's own."""

    def small_figure(self) -> Any:
        """Make the two figures of the insight column, of which one is in sight."""
        self.statistics = StatisticsView()
        self._own = self.make_own_figure()
        self.statistics.figure.visible = False
        panes = [
            pn.pane.Bokeh(each, sizing_mode="stretch_width", margin=0)
            for each in (self._own, self.statistics.figure)
        ]
        return pn.Column(*panes, sizing_mode="stretch_width", margin=0)

    def wanted_statistic(self, recording: Recording) -> Statistic | None:
        """Work out the statistic that is chosen, if one is; in a worker thread."""
        figure = self._figure
        return None if figure == OWN else _worked_out(recording, figure)

    def show_statistic(self, found: Statistic | None) -> None:
        """Show what was worked out with a run, unless another figure was chosen meanwhile."""
        self._up_to_date = self._figure == (OWN if found is None else found.figure)
        if self._up_to_date and found is not None:
            self._show_figure(found)

    def _show(self, result: Result[Extra]) -> None:
        super()._show(result)
        if not self._up_to_date and self._figure != OWN:
            self._chosen.request((result.recording, self._figure))

    def _on_insight(self, message: Message) -> None:
        if message["type"] != "figure" or message["id"] not in (OWN, *FIGURES):
            return
        self._figure = str(message["id"])
        if self._figure == OWN:
            with self._held():
                self._show_figure(None)
        elif self.recording is not None:  # else the run that is under way brings it
            self._chosen.request((self.recording, self._figure))

    def _deliver_chosen(self, chosen: Chosen, found: Statistic) -> None:
        if chosen[1] != self._figure:
            return
        if chosen[0] is not self.recording and self.recording is not None:
            self._chosen.request((self.recording, self._figure))
            return
        with self._held():
            self._show_figure(found)

    def _show_figure(self, found: Statistic | None) -> None:
        """Bring the figure, its note and its numbers up to date; None is the lab's own."""
        own = found is None
        if found is not None:
            self.statistics.update(found)
        if self._own.visible != own:
            self._own.visible, self.statistics.figure.visible = own, not own
        self.insight.param.update(
            figure_id=OWN if found is None else found.figure,
            figure_note=self.own_note if found is None else found.note,
            figure_help=self.own_help if found is None else self.statistics.help,
            figure_numbers=[] if found is None else found.numbers,
            methods=[] if found is None else FIGURES[found.figure].explained(),
        )


def _worked_out(recording: Recording, figure: str) -> Statistic:
    """Work out a statistic; a fault in one must not take the plots of the run with it."""
    try:
        return statistic(recording, figure)
    except Exception:
        log.exception("the figure %s failed", figure)
        return Statistic(
            figure, note="This figure failed; the run is not affected. Choose another."
        )
