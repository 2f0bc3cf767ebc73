"""What there is: every model, found by walking the subclasses of its base, without a list."""

from __future__ import annotations

import inspect

from engine.dynamics import Dynamics, Neuron, Synapse
from engine.specs import subclasses, unknown_name
from engine.synapses.plasticity import SpikeTimingPlasticity
from engine.synouts import SynOut

__all__ = ["find", "neuron", "neurons", "outputs", "plasticity", "summary", "synapses"]


def _is_model(cls: type[Dynamics] | type[SynOut]) -> bool:
    named = not cls.__name__.startswith("_")
    return bool(cls.equation and cls.parameters()) and cls.is_listed and named


def neurons() -> dict[str, type[Neuron]]:
    """Return every neuron model that can be simulated, by name; private ones are left out."""
    return {c.__name__: c for c in subclasses(Neuron) if _is_model(c)}


def synapses() -> dict[str, type[Synapse]]:
    """Return every synapse model, by name; private ones are left out."""
    return {c.__name__: c for c in subclasses(Synapse) if _is_model(c)}


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


def summary(cls: type) -> str:
    """Return the first line of a model's docstring."""
    return (inspect.getdoc(cls) or "").partition("\n")[0].replace("`", "")
