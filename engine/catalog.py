"""What there is: every model, found by walking the subclasses of its base, without a list."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import Any

from engine import introspection
from engine.dynamics import Dynamics, Neuron, Synapse
from engine.specs import subclasses, unknown_name
from engine.synapses.plasticity import SpikeTimingPlasticity
from engine.synouts import SynOut

__all__ = ["find", "neuron", "neurons", "outputs", "plasticity", "summary", "synapses", "why_not"]


def _models(base: type[Any]) -> dict[str, type[Any]]:
    """Give the models below a base by name, parents first; of two with one name the newer."""
    found: dict[str, type[Any]] = {}
    for cls in subclasses(base):
        known = found.get(cls.__name__)
        if (known is None or known._born < cls._born) and _is_model(cls):
            found[cls.__name__] = cls
    return found


def _is_model(cls: type[Any]) -> bool:
    if cls.__name__.startswith("_"):
        return False
    if introspection.is_foreign(cls) and issubclass(cls, Neuron | Synapse):
        return not introspection.why_not(cls)
    asks_for_its_size_only = {"in_size", "name"}.issuperset(cls._leading)
    return bool(cls.equation and cls.parameters()) and cls.is_listed and asks_for_its_size_only


def neurons() -> dict[str, type[Neuron]]:
    """Return every neuron model that can be simulated, by name; private ones are left out.

    A class of your own is among them as soon as it is written, whether it declares anything or not,
    if it can be built from ``in_size`` alone; `why_not` says what is missing.
    """
    return _models(Neuron)


def synapses() -> dict[str, type[Synapse]]:
    """Return every synapse model, by name; private ones are left out."""
    return _models(Synapse)


def why_not(cls: type[Dynamics]) -> str:
    """Say in a sentence why a class is not in the catalogue; empty where it is."""
    if cls.__name__.startswith("_"):
        return f"{cls.__name__} is private: its name starts with an underscore"
    if introspection.is_foreign(cls) or _is_model(cls):
        return introspection.why_not(cls)
    return f"{cls.__name__} is a base of models, not a model"


def outputs() -> dict[str, type[SynOut]]:
    """Return every output stage, by name; private ones are left out."""
    return {c.__name__: c for c in subclasses(SynOut) if _is_model(c)}


def plasticity() -> dict[str, type[SpikeTimingPlasticity]]:
    """Return every rule of spike-timing dependent plasticity, by name; private ones are left out.

    Short-term plasticity is among the synapses: it filters spikes, and has no weight.
    """
    return {c.__name__: c for c in subclasses(SpikeTimingPlasticity) if _is_model(c)}


def neuron(name: str) -> type[Neuron]:
    """Return the neuron model of this name.

    Raises
    ------
    ParameterError
        There is none; the text names the nearest.
    """
    models = neurons()
    if name not in models:
        raise unknown_name("model", name, models, "the catalogue")
    return models[name]


def find(name: str) -> type[Dynamics] | type[SynOut]:
    """Return the model of this name: neuron, synapse, output stage or plasticity rule."""
    models: dict[str, type[Dynamics] | type[SynOut]] = {
        **neurons(),
        **synapses(),
        **outputs(),
        **plasticity(),
    }
    if name not in models:
        raise unknown_name("model", name, models, "the catalogue")
    return models[name]


@lru_cache(maxsize=1024)
def summary(cls: type) -> str:
    """Return the first line of a model's docstring."""
    return (inspect.getdoc(cls) or "").partition("\n")[0].replace("`", "")
