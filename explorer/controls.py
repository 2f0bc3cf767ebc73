"""From declarations to controls: what the rail shows, in groups. Nothing here names a model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from engine import Experiment, catalog, inputs, surrogates
from engine.experiment import NO_NOISE
from engine.specs import InitialSpec, ParameterSpec
from explorer import typeset

__all__ = ["WATCHED", "Ranges", "groups", "model_options", "values", "widened"]

WATCHED = "watched"
"""Path of the neuron that is shown; a view option rather than a parameter."""

Control = dict[str, Any]


Ranges = Mapping[str, tuple[float, float]]
"""Parameter path -> what its slider spans, where that is not what is declared."""


def groups(experiment: Experiment, ranges: Ranges = MappingProxyType({})) -> list[dict[str, Any]]:
    """Lay out the controls of an experiment.

    Parameters
    ----------
    experiment : Experiment
        What is controlled.
    ranges : mapping, optional
        From `widened`.

    Returns
    -------
    list of dict
        Groups for `explorer.components.ControlRail`.
    """
    specs = experiment.specs
    model = {p: s for p, s in specs.items() if p in experiment.model.parameters()}
    dynamics = [p for p, s in model.items() if s.group == "dynamics" and not _is_start(s)]
    threshold = [p for p, s in model.items() if s.group == "threshold"]
    starts = [p for p, s in model.items() if _is_start(s)]
    choices = [p for p, spec in experiment.model.choices().items() if spec.has_effect]

    def numbers(*paths: str) -> list[Control]:
        rows = []
        for path in paths:
            rows.append(_number(experiment, path, ranges))
            if f"{path}.spread" in specs:
                rows.append(_number(experiment, f"{path}.spread", ranges))
        return rows

    def under(prefix: str) -> list[Control]:
        return numbers(*(p for p in specs if p.startswith(f"{prefix}.")))

    laid_out = [
        ("neuron", "Neuron", numbers(*dynamics)),
        (
            "threshold",
            "Threshold and reset",
            [*numbers(*threshold), *(_choice(experiment, p, "segmented") for p in choices)],
        ),
        ("stimulus", "Stimulus", [_choice(experiment, "stimulus", "select"), *under("stimulus")]),
        ("noise", "Noise", [_choice(experiment, "noise", "select"), *under("noise")]),
        (
            "surrogate",
            "Surrogate gradient",
            [
                *(
                    _choice(experiment, p, "select")
                    for p in experiment.choice_specs
                    if p.partition(".")[0] == "spk_fun"
                ),
                *under("spk_fun"),
            ],
        ),
        (
            "simulation",
            "Simulation",
            [*numbers("n"), *_watched(experiment), *numbers("duration", "dt", "seed")],
        ),
        ("start", "Start values", numbers(*starts)),
    ]
    return [
        {"id": id_, "title": title, "controls": rows} | ({"open": False} if id_ == "start" else {})
        for id_, title, rows in laid_out
        if rows
    ]


def widened(experiment: Experiment, ranges: Ranges) -> dict[str, tuple[float, float]]:
    """Let sliders span values that lie beyond them, so that touching one does not make it jump.

    Parameters
    ----------
    experiment : Experiment
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


def values(experiment: Experiment) -> dict[str, Any]:
    """Return the value in force of every control."""
    return {path: experiment[path] for path in experiment} | {WATCHED: experiment.watched[0]}


def model_options() -> list[dict[str, str]]:
    """Return the models to pick from, each with its first sentence."""
    return [
        {"value": name, "label": name, "hint": catalog.summary(cls)}
        for name, cls in catalog.neurons().items()
    ]


def _is_start(spec: ParameterSpec) -> bool:
    return isinstance(spec, InitialSpec)


def _number(experiment: Experiment, path: str, ranges: Ranges) -> Control:
    spec = experiment.specs[path]
    soft = ranges.get(path, spec.soft)
    unit = _display(spec.unit_text)
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
        "live": not spec.structural,
        "spread": experiment.can_spread(path) and not _is_start(spec),
    }


def _watched(experiment: Experiment) -> list[Control]:
    last = experiment.n - 1
    if not last:
        return []  # there is nothing to choose
    row = {
        "path": WATCHED,
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


def _choice(experiment: Experiment, path: str, style: str) -> Control:
    spec = experiment.choice_specs[path]
    hints = dict(zip(spec.options, spec.hints, strict=False))
    return {
        "path": path,
        "kind": "choice",
        "style": style,
        "symbol": "",
        "label": _LABELS.get(path, path.rpartition(".")[2]),
        "options": [
            {"value": o, "label": _WORDS.get(o, o), "hint": hints.get(o) or _hint(path, o)}
            for o in spec.options
        ],
        "default": spec.default,
        "meaning": _sentence(spec.meaning),
    }


_LABELS = {"spk_reset": "reset", "spk_fun": "kind", "stimulus": "kind", "noise": "kind"}
_WORDS = {NO_NOISE: "none", "PulseTrain": "Pulse train", "OUNoise": "Ornstein-Uhlenbeck noise"}


def _hint(path: str, option: str) -> str:
    match path:
        case "spk_fun":
            return catalog.summary(surrogates.by_name(option))
        case "stimulus" | "noise" if option != NO_NOISE:
            return catalog.summary(inputs.by_name(option))
    return ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _display(unit: str) -> str:
    """Write a unit with the signs of print rather than those of the keyboard."""
    for plain, sign in (("Mohm", "MΩ"), ("kohm", "kΩ"), ("ohm", "Ω"), ("uS", "µS"), ("uA", "µA")):
        unit = unit.replace(plain, sign)
    return unit.replace("us", "µs") if unit == "us" else unit


def _bound(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _step(low: float, high: float) -> float:
    """Give a round step of about a two-hundredth of the range."""
    raw = (high - low) / 200
    decade = 10.0 ** math.floor(math.log10(raw))
    return next(decade * m for m in (1, 2, 5, 10) if decade * m >= raw * 0.999)
