"""What there is: every model, found by walking the subclasses of its base, without a list."""

from __future__ import annotations

import inspect

from engine.dynamics import Dynamics, Neuron, Synapse
from engine.specs import subclasses, unknown_name

__all__ = ["find", "neuron", "neurons", "summary", "synapses"]


def _is_model(cls: type[Neuron] | type[Synapse]) -> bool:
    declared = bool(cls.equation and cls.parameters()) and not cls.__name__.startswith("_")
    return declared and _needs_a_size_only(cls)


def _needs_a_size_only(cls: type) -> bool:
    """Whether an instance can be made from ``in_size`` alone."""
    required = [
        p
        for p in inspect.signature(cls).parameters.values()
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    return len(required) == 1


def neurons() -> dict[str, type[Neuron]]:
    """Return every neuron model that can be simulated, by name; private ones are left out."""
    return {c.__name__: c for c in subclasses(Neuron) if _is_model(c)}


def synapses() -> dict[str, type[Synapse]]:
    """Return every synapse model, by name; private ones are left out."""
    return {c.__name__: c for c in subclasses(Synapse) if _is_model(c)}


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


def find(name: str) -> type[Dynamics]:
    """Return the model of this name, neuron or synapse."""
    models: dict[str, type[Dynamics]] = {**neurons(), **synapses()}
    if name not in models:
        raise unknown_name("model", name, models, "the catalogue")
    return models[name]


def summary(cls: type) -> str:
    """Return the first line of a model's docstring."""
    return (inspect.getdoc(cls) or "").partition("\n")[0]
