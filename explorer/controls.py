"""From declarations to controls: what the rail shows, in groups. Nothing here names a model."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from engine import catalog
from engine.base_experiment import NOTHING, BaseExperiment, default_row, write_row
from engine.specs import InitialSpec, ParameterSpec, PointSpec
from explorer import typeset
from explorer.sources import source

__all__ = [
    "WATCHED",
    "Ranges",
    "Rows",
    "is_start",
    "laid_out",
    "model_options",
    "values",
    "widened",
]

WATCHED = "watched"
"""Path of the neuron that is shown; a view option rather than a parameter."""

Control = dict[str, Any]


Ranges = Mapping[str, tuple[float, float]]
"""Parameter path -> what its slider spans, where that is not what is declared."""


class Rows:
    """The rows of the rail, made from the declarations of an experiment.

    Parameters
    ----------
    experiment : BaseExperiment
        What is controlled.
    ranges : mapping, optional
        From `widened`.
    """

    def __init__(self, experiment: BaseExperiment, ranges: Ranges = MappingProxyType({})) -> None:
        self.experiment = experiment
        self.ranges = ranges

    def numbers(self, *paths: str) -> list[Control]:
        """Make a row for each number, and one for its spread where that is switched on."""
        rows = []
        for path in paths:
            rows.append(_number(self.experiment, path, self.ranges))
            if f"{path}.spread" in self.experiment.specs:
                rows.append(_number(self.experiment, f"{path}.spread", self.ranges))
        return rows

    def under(self, prefix: str) -> list[Control]:
        """Make a row for each number of the component at ``prefix``."""
        return self.numbers(*(p for p in self.experiment.specs if p.startswith(f"{prefix}.")))

    def choices(self, *paths: str, style: str = "select") -> list[Control]:
        """Make a row for each choice."""
        return [_choice(self.experiment, path, style) for path in paths]

    def sequences(self, *paths: str) -> list[Control]:
        """Make a row for each row of numbers."""
        return [_sequence(self.experiment, path) for path in paths]

    def watched(self, path: str = WATCHED) -> list[Control]:
        """Make the row of the neuron that is shown, where there is more than one."""
        return _watched(self.experiment, path)


def laid_out(
    *groups: tuple[str, str, list[Control]], closed: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """Put rows into groups for `explorer.components.ControlRail`; empty groups are left out."""
    return [
        {"id": id_, "title": title, "controls": rows} | ({"open": False} if id_ in closed else {})
        for id_, title, rows in groups
        if rows
    ]


def widened(experiment: BaseExperiment, ranges: Ranges) -> dict[str, tuple[float, float]]:
    """Let sliders span values that lie beyond them, so that touching one does not make it jump.

    Parameters
    ----------
    experiment : BaseExperiment
        Holds the values, from a preset, a link or the keyboard.
    ranges : mapping
        What the sliders span now, where that is not what is declared.

    Returns
    -------
    dict
        The new ``ranges``; the same while all values lie inside.
    """
    found = dict(ranges)
    for path, spec in experiment.specs.items():
        value, (low, high) = experiment[path], ranges.get(path, spec.soft)
        if low <= value <= high:
            continue
        reach = max(abs(value), high - low) / 2
        keeps_low = value > high and low >= 0  # what starts at nothing goes on to do so
        bottom = low if keeps_low else max(value - reach, spec.hard.low)
        found[path] = (bottom, min(value + reach, spec.hard.high))
    return found


def values(experiment: BaseExperiment) -> dict[str, Any]:
    """Return the value in force of every control."""
    shown = zip(experiment.watchable.items(), experiment.watched, strict=False)
    found = {path: experiment[path] for path in experiment}
    found |= {path: neuron - own.start for (path, own), neuron in shown}
    rows = experiment.sequence_specs.items()
    return found | {p: _row_text(experiment[p], spec) for p, spec in rows}


def _row_text(row: tuple[Any, ...], spec: ParameterSpec) -> str:
    if isinstance(spec, PointSpec):
        return write_row(row, spec, ", ")
    return " ".join(f"{number:g}" for number in row)


def model_options(models: Mapping[str, type]) -> list[dict[str, str]]:
    """Return the models to pick from, each with its first sentence."""
    return [
        {"value": name, "label": name, "hint": catalog.summary(cls)} for name, cls in models.items()
    ]


def is_start(spec: ParameterSpec) -> bool:
    """Whether it is the start value of a state."""
    return isinstance(spec, InitialSpec)


def _number(experiment: BaseExperiment, path: str, ranges: Ranges) -> Control:
    spec = experiment.specs[path]
    soft = ranges.get(path, spec.soft)
    unit = typeset.unit(spec.unit_text)
    label = spec.meaning.partition(":")[0]
    return {
        "path": path,
        "kind": "number",
        "symbol": typeset.symbol(spec.symbol),
        "label": label[:1].lower() + label[1:].rstrip("."),
        "unit": unit,
        "soft": list(soft),
        "hard": [_bound(spec.hard.low), _bound(spec.hard.high)],
        "limits": spec.hard.describe(unit),
        "scale": spec.scale if soft[0] > 0 else "linear",
        "step": 1 if spec.integer else _step(*soft),
        "integer": spec.integer,
        "default": spec.default_number,
        "meaning": _sentence(spec.meaning),
        "source": _source(experiment, path),
        "live": not spec.structural,
        "spread": experiment.can_spread(path) and not is_start(spec),
    }


def _source(experiment: BaseExperiment, path: str) -> str:
    """Give the reference of the component that declares a parameter; settings have none."""
    prefix, _, name = path.removesuffix(".spread").rpartition(".")
    part = experiment.parts().get(f"{prefix}." if prefix else "")
    return source(part) if part is not None and name in part.parameters() else ""


def _watched(experiment: BaseExperiment, path: str) -> list[Control]:
    last = len(experiment.watchable[path]) - 1
    if not last:
        return []  # there is nothing to choose
    row = {
        "path": path,
        "kind": "number",
        "symbol": typeset.symbol("i"),
        "label": "neuron shown",
        "unit": "",
        "soft": [0, last],
        "hard": [0, last],
        "limits": f"between 0 and {last}",
        "scale": "linear",
        "step": 1,
        "integer": True,
        "default": 0,
        "meaning": "The neuron whose input and potential are shown; a click on a spike picks it.",
        "live": True,
        "spread": False,
    }
    return [row]


def _choice(experiment: BaseExperiment, path: str, style: str) -> Control:
    spec = experiment.choice_specs[path]
    hints = dict(zip(spec.options, spec.hints, strict=False))
    return {
        "path": path,
        "kind": "choice",
        "style": style,
        "symbol": "",
        "label": spec.label or path.rpartition(".")[2],
        "options": [
            {"value": o, "label": _option(path, o), "hint": hints.get(o, "")} for o in spec.options
        ],
        "default": spec.default,
        "meaning": _sentence(spec.meaning),
    }


def _sequence(experiment: BaseExperiment, path: str) -> Control:
    spec = experiment.sequence_specs[path]
    return {
        "path": path,
        "kind": "list",
        "symbol": typeset.symbol(spec.symbol),
        "label": spec.meaning.partition(":")[0],
        "unit": typeset.unit(spec.unit_text),
        "default": _row_text(default_row(spec), spec),
        "meaning": _sentence(spec.meaning),
        "table": isinstance(spec, PointSpec),
    }


_WORDS = {NOTHING: "none", "OUNoise": "Ornstein-Uhlenbeck noise"}
_IN_WORDS = frozenset({"stimulus", "noise", "train", "post"})
"""Choices whose options are plain words rather than names of the literature."""


def _option(path: str, name: str) -> str:
    if name in _WORDS or path not in _IN_WORDS:
        return _WORDS.get(name, name)
    return re.sub(r"(?<=[a-z])[A-Z]", lambda letter: f" {letter[0].lower()}", name)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _bound(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _step(low: float, high: float) -> float:
    """Give a round step of about a two-hundredth of the range."""
    raw = (high - low) / 200
    decade = 10.0 ** math.floor(math.log10(raw))
    return next(decade * m for m in (1, 2, 5, 10) if decade * m >= raw * 0.999)
