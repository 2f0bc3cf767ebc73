"""The part of the neuron lab that draws its stimulus, drags the edges of it, and loads tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import Experiment, ParameterError
from engine.experiment import POINTS
from engine.waveforms import DrawnSteps, DrawnWaveform, read_waveform
from explorer.components import Message, StimulusEditor
from explorer.views import StimulusView
from explorer.views.stimulus import handles_of, moved, unit_text

if TYPE_CHECKING:
    from explorer.labs.base import Lab

__all__ = ["Drawing"]


class Drawing:
    """The stimulus under the pointer: what the editor over its plot asks for, and what it shows.

    Parameters
    ----------
    lab : Lab
        The lab; its experiments have a stimulus.
    view : StimulusView
        The plot over which the editor lies.

    Attributes
    ----------
    editor : StimulusEditor
        The layer over the plot.
    """

    def __init__(self, lab: Lab[Experiment, Any], view: StimulusView) -> None:
        self.lab, self.view = lab, view
        self.editor = StimulusEditor(sizing_mode=None, width=0, height=0)
        self.editor.styles = {"position": "absolute", "left": "0", "top": "0"}
        self.editor.on_message(self.on_message)
        self._seq = 0

    def on_message(self, message: Message) -> None:
        """Do what was drawn, dragged or loaded."""
        lab = self.lab
        lab.touched()
        gesture = int(message.get("gesture", 0))
        match message["type"]:
            case "draw":
                self.view.roomy = bool(message["on"])
                if message["on"] and not self._is_drawn:
                    lab.state.set("stimulus", DrawnWaveform.__name__)
                else:
                    lab.redraw()
            case "table":
                self.load(str(message["text"]))
            case "points" | "handle":
                self.view.holds = not message["done"]
                self._seq = int(message["seq"])
                if message["type"] == "points" and self._is_drawn:
                    lab.state.set(POINTS, message["points"], gesture)
                elif str(message.get("id")) in {h["id"] for h in handles_of(lab.experiment)}:
                    x, y = float(message["x"]), float(message["y"])
                    numbers = moved(lab.experiment, int(message["id"]), x, y)
                    lab.state.set_together(numbers, gesture)
                if not lab.runner.is_busy:  # the axis may move again, and nothing else has to
                    lab.redraw()
                    self.acknowledge()

    def load(self, text: str) -> None:
        """Take a table as the stimulus; what is wrong with it, or was left out, is said."""
        experiment, state = self.lab.experiment, self.lab.state
        try:
            loaded = read_waveform(text, experiment.structure.input_unit, "table")
        except ParameterError as error:
            state.refuse(POINTS, str(error))
            return
        kind = (experiment.stimulus if self._is_drawn else DrawnWaveform).__name__
        notes = [loaded.note] if loaded.note else []
        if loaded.points[-1][0] > experiment["duration"]:
            notes.append(
                f"The table goes on until {loaded.points[-1][0]:,.6g} ms and the run until "
                f"{experiment['duration']:,.6g} ms; choose a longer duration to see all of it."
            )
        self.lab.complain(*notes)
        state.set_together({"stimulus": kind, POINTS: loaded.points})

    def show(self) -> None:
        """Bring the editor up to the experiment."""
        experiment, drawn = self.lab.experiment, self._is_drawn
        levels = issubclass(experiment.stimulus, DrawnSteps)
        gain = experiment["stimulus.gain"] or 1.0 if drawn else 1.0
        shown: dict[str, Any] = {
            "course": ("levels" if levels else "lines") if drawn else "",
            "points": [list(point) for point in experiment[POINTS]] if drawn else [],
            "scale": [gain, experiment["stimulus.offset"]] if drawn else [1.0, 0.0],
            "handles": handles_of(experiment),
            "unit": unit_text(experiment),
        }
        changed = {n: value for n, value in shown.items() if value != getattr(self.editor, n)}
        if changed:  # to set what is there already takes a millisecond
            self.editor.param.update(**changed)

    def acknowledge(self) -> None:
        """Tell the editor that the plots show what it has sent."""
        self.editor.ack = self._seq

    @property
    def _is_drawn(self) -> bool:
        return self.lab.experiment.stimulus.drawn
