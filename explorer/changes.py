"""What differs between experiments, in words: for the history, the shelf and its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.base_experiment import BaseExperiment
from explorer import typeset
from explorer.controls import WATCHED

__all__ = ["Difference", "alike", "differences", "name_of", "phrase"]

ABSENT = "–"
MOST_NAMED = 3
LONGEST_VALUE = 28


@dataclass(frozen=True)
class Difference:
    """A path at which experiments differ.

    Attributes
    ----------
    path : str
        Its parameter path.
    name : str
        What it is called where there is little room: ``"stimulus amplitude"``.
    unit : str
        Unit of its values; empty for a choice.
    values : tuple of str
        How its value is written in each experiment; a dash where there is no such path.
    is_choice : bool
        Whether it is a choice rather than a number.
    """

    path: str
    name: str
    unit: str
    values: tuple[str, ...]
    is_choice: bool = False


def differences(*experiments: BaseExperiment) -> list[Difference]:
    """Return where experiments differ from each other: first the choices, then the numbers."""
    found = []
    for aspect in dict.fromkeys(a for e in experiments for a in e.plan):
        plans = [e.plan.get(aspect, "") for e in experiments]
        if len(set(plans)) > 1:
            found.append(Difference(aspect, aspect, "", tuple(map(_short, plans)), True))
    for path in _united(e.choice_specs for e in experiments):
        chosen = tuple(e[path] if path in e.choice_specs else ABSENT for e in experiments)
        if len(set(chosen)) > 1:
            found.append(Difference(path, _choice_name(experiments, path), "", chosen, True))
    for path in _united(e.specs for e in experiments):
        numbers = [e[path] if path in e.specs else None for e in experiments]
        if len(set(numbers)) > 1:
            specs = [e.specs[path] for e in experiments if path in e.specs]
            unit = typeset.unit(specs[0].unit_text)
            written = tuple(ABSENT if x is None else f"{x:.6g}" for x in numbers)
            if len(set(written)) == 1:  # they differ further behind the point
                written = tuple(ABSENT if x is None else repr(x) for x in numbers)
            found.append(Difference(path, path.replace(".", " "), unit, written))
    for path in _united(e.sequence_specs for e in experiments):
        rows = [e[path] if path in e.sequence_specs else None for e in experiments]
        if len(set(rows)) > 1:
            written = tuple(ABSENT if x is None else _row(x) for x in rows)
            found.append(Difference(path, path.replace(".", " "), "", written))
    watched = [e.watched for e in experiments]
    if len(set(watched)) > 1:
        shown = tuple(_row(w) for w in watched)
        found.append(Difference(WATCHED, "neuron shown", "", shown))
    return found


def alike(one: BaseExperiment, other: BaseExperiment) -> bool:
    """Whether two experiments are the same, whatever of it was given and what is default."""
    return one == other or (one.kind == other.kind and not differences(one, other))


def phrase(before: BaseExperiment, after: BaseExperiment) -> str:
    """Say what a change did: ``tau 10 → 20 ms``, ``reset soft → hard``."""
    found = differences(before, after)
    choices = [d for d in found if d.is_choice]
    if choices:  # what numbers there are follows from them
        found = choices
    said = [_said(d) for d in found[:MOST_NAMED]]
    if len(found) > MOST_NAMED:
        said.append(f"{len(found) - MOST_NAMED} more")
    return ", ".join(said)


def name_of(experiment: BaseExperiment, base: BaseExperiment) -> str:
    """Name an experiment by what makes it differ: ``tau 20 ms, soft reset``.

    Its title where nothing does.
    """
    other_model = experiment.title != base.title
    found = differences(experiment.fresh() if other_model else base, experiment)
    words = [experiment.title] if other_model else []
    words += [_called(d) for d in found if d.values[-1] != ABSENT]
    if len(words) > MOST_NAMED:
        words = [*words[:MOST_NAMED], "…"]
    return ", ".join(words) or experiment.title


def _united(groups) -> list[str]:
    return list(dict.fromkeys(path for group in groups for path in group))


def _choice_name(experiments: Sequence[BaseExperiment], path: str) -> str:
    label = next(e.choice_specs[path].label for e in experiments if path in e.choice_specs)
    stem, _, last = path.rpartition(".")
    last = _WORDS.get(last, last)
    if label and label not in ("kind", last):
        last = label
    return f"{stem.replace('.', ' ')} {last}".strip()


_WORDS = {"spk_fun": "surrogate"}


def _said(difference: Difference) -> str:
    old, new = (_short(v) for v in difference.values)
    unit = f" {difference.unit}" if difference.unit else ""
    if old == new:  # two long rows
        return f"{difference.name} changed"
    return f"{difference.name} {old} → {new}{unit}"


def _called(difference: Difference) -> str:
    value = _short(difference.values[-1])
    if difference.name == "reset":
        return f"{value} reset"
    unit = f" {difference.unit}" if difference.unit else ""
    return f"{difference.name} {value}{unit}"


def _row(row: Sequence[Any]) -> str:
    """Write a row of numbers or points; how many there are, where they are many."""
    written = " ".join(":".join(f"{x:g}" for x in np.atleast_1d(entry)) for entry in row)
    return (written if len(written) <= LONGEST_VALUE else f"{len(row)} values") or "none"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
