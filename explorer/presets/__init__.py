"""Experiments with a name that a student understands, one JSON file each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from engine import NetworkExperiment, networks
from engine.base_experiment import BaseExperiment, read

__all__ = ["Preset", "presets"]


@dataclass(frozen=True)
class Preset:
    """An experiment to start from.

    Attributes
    ----------
    id : str
        Name of its file, used in links and messages.
    label, hint : str
        What it is called, and what to look at.
    group : str
        The heading that it stands under in a menu.
    experiment : BaseExperiment
        What it shows.
    """

    id: str
    label: str
    hint: str
    group: str
    experiment: BaseExperiment

    @property
    def option(self) -> dict[str, str]:
        """Its entry in the menu of `explorer.components.HeaderBar`."""
        return {"id": self.id, "label": self.label, "hint": self.hint, "group": self.group}


@lru_cache(maxsize=8)
def presets(lab: str = "neuron") -> dict[str, Preset]:
    """Return every preset of a lab by its id, in the order of the file names.

    Those of the network lab are the published networks, in the size to begin with.
    """
    found = {}
    if lab == NetworkExperiment.kind:
        for name, kind in networks.catalogue().items():
            experiment = kind.experiment(kind.start_scale)
            start = experiment.rewatched(experiment)
            found[name] = Preset(name, kind.title, kind.phenomenon, "Published networks", start)
    files = [f for f in resources.files("explorer.presets").iterdir() if f.name.endswith(".json")]
    for file in sorted(files, key=lambda f: f.name):
        content = json.loads(file.read_text(encoding="utf-8"))
        id_ = file.name.removesuffix(".json").partition("-")[2]
        experiment = read(json.dumps(content["experiment"]))
        if experiment.kind != lab:
            continue
        found[id_] = Preset(id_, content["label"], content["hint"], content["group"], experiment)
    return found
