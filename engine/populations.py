"""What a network is made of: populations with receptors, background and start; projections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import saiunit as u

from engine import boundary, catalog, inputs
from engine.base_experiment import NOTHING, choice_of
from engine.connectivity import Connectivity, FixedProbability
from engine.dynamics import AlignPost, Neuron, Synapse
from engine.neurons.lif import LIFRef
from engine.specs import (
    NON_NEGATIVE,
    ChoiceSpec,
    Component,
    InputSpec,
    Interval,
    ParameterSpec,
    subclasses,
)
from engine.synapses import Expon
from engine.synouts import COBA, CUBA, SynOut

__all__ = [
    "Background",
    "NetworkCell",
    "Population",
    "Projection",
    "ReceptorSite",
    "Start",
    "neurons",
]


class NetworkCell(LIFRef):
    r"""Leaky integrate-and-fire cell of a network, with the numbers of a cortical neuron.

    .. math::
        \tau \frac{dV}{dt} = -(V - V_{rest}) + R I
        \quad\text{unless}\quad t - t_{spike} < \tau_{ref}

    `LIFRef` with other defaults: currents in pA, conductances in nS, a membrane of 100 MΩ.

    References
    ----------
    R. Brette and others (2007). Simulation of networks of spiking neurons: a review of tools and
    strategies. Journal of Computational Neuroscience 23, 349-398. doi:10.1007/s10827-007-0038-6
    """

    is_listed: ClassVar[bool] = False
    R = LIFRef.R.but(default=100.0 * u.Mohm, soft=(10.0, 500.0), unit_text="")
    tau = LIFRef.tau.but(default=20.0 * u.ms)
    V_th = LIFRef.V_th.but(default=-50.0 * u.mV, soft=(-60.0, -30.0))
    V_reset = LIFRef.V_reset.but(default=-60.0 * u.mV, soft=(-80.0, -50.0))
    V_rest = LIFRef.V_rest.but(default=-60.0 * u.mV, soft=(-80.0, -45.0))
    V_initializer = LIFRef.V_initializer.but(default=-60.0 * u.mV, soft=(-80.0, -50.0))
    spk_reset = LIFRef.spk_reset.but(default="hard")
    input: ClassVar[InputSpec] = InputSpec(250.0 * u.pA, soft=(0.0, 500.0))


class Size(Component):
    """How many neurons a population has."""

    n = ParameterSpec(
        100.0,
        "N",
        "number of neurons of the population",
        soft=(1.0, 5000.0),
        hard=Interval(1.0, 1_000_000.0),
        scale="log",
        integer=True,
        structural=True,
    )


class Background(Component):
    r"""Random input from outside: for every neuron a Poisson train of its own.

    .. math:: P(k \text{ spikes in a step}) = \frac{\lambda^k}{k!} e^{-\lambda}, \quad
        \lambda = \nu\,\Delta t

    The spikes arrive at the population's first receptor.
    """

    formula: ClassVar[str] = r"P(k) = \lambda^k e^{-\lambda} / k!, \quad \lambda = \nu \Delta t"

    rate = ParameterSpec(
        1000.0 * u.Hz,
        r"\nu",
        "rate of the spikes from outside, all sources of a neuron together",
        soft=(0.0, 20_000.0),
        hard=NON_NEGATIVE,
    )
    most: ClassVar[int] = 24
    """Spikes of a step that are counted at most."""
    largest_mean: ClassVar[float] = 8.0
    """Mean number of spikes in a step up to which more than `most` practically never come."""

    @classmethod
    def chances(cls, mean: Any) -> jax.Array:
        """Return how often a step has more than 0, 1, ... spikes, in units of 2 to the -32."""
        survival = jax.scipy.special.gammainc(jnp.arange(1.0, cls.most + 1.0), mean)
        return jnp.minimum(survival * 2.0**32, 2.0**32 - 256.0).astype(jnp.uint32)

    @classmethod
    def count(cls, chances: jax.Array, bits: jax.Array) -> jax.Array:
        """Turn uniform 32-bit numbers into numbers of spikes, by the inverse of the law."""
        counts = sum((bits < chances[k]).astype(jnp.int32) for k in range(cls.most))
        return jnp.asarray(counts, jnp.float32)


# -- the start -------------------------------------------------------------------------------------


class Start(Component):
    """Where the membrane potentials of a population begin: derive and write `potential`."""

    @classmethod
    def suits(cls, model: type[Neuron]) -> bool:
        """Whether the model declares what this needs."""
        return True

    @classmethod
    def potential(cls, p: Mapping[str, Any], neuron: Any, key: Any) -> Any:
        """Return the potentials of all neurons, of the parameters ``p`` as plain numbers.

        Raises
        ------
        NotImplementedError
            The class does not say where to begin.
        """
        raise NotImplementedError(f"{cls.__name__} does not define potential()")


class AtRest(Start):
    """All at the resting potential, or where the model begins by itself."""

    @classmethod
    def potential(cls, p: Mapping[str, Any], neuron: Any, key: Any) -> Any:
        """Return the resting potential; see `Start.potential`."""
        here = neuron.V.value
        return u.math.broadcast_to(getattr(neuron, "V_rest", here), u.math.shape(here))


class UniformStart(Start):
    """Evenly spread between reset and threshold, so that the neurons do not fire together."""

    @classmethod
    def suits(cls, model: type[Neuron]) -> bool:
        """Whether the model declares a reset and a threshold."""
        return {"V_reset", "V_th"} <= set(model.parameters())

    @classmethod
    def potential(cls, p: Mapping[str, Any], neuron: Any, key: Any) -> Any:
        """Draw between reset and threshold; see `Start.potential`."""
        share = jax.random.uniform(key, u.math.shape(neuron.V.value))
        return neuron.V_reset + (neuron.V_th - neuron.V_reset) * share


class NormalStart(Start):
    """Normally distributed around a potential."""

    mean = ParameterSpec(
        -55.0 * u.mV, r"\mu_0", "mean of the potentials at the start", soft=(-80.0, -40.0)
    )
    deviation = ParameterSpec(
        5.0 * u.mV,
        r"\sigma_0",
        "standard deviation of the potentials at the start",
        soft=(0.0, 20.0),
        hard=NON_NEGATIVE,
    )

    @classmethod
    def suits(cls, model: type[Neuron]) -> bool:
        """Whether the potential of the model is one, and not a number without unit."""
        return model.states()["V"].unit.dim == u.mV.dim

    @classmethod
    def potential(cls, p: Mapping[str, Any], neuron: Any, key: Any) -> Any:
        """Draw around the mean; see `Start.potential`."""
        z = jax.random.normal(key, u.math.shape(neuron.V.value))
        return (p["mean"] + p["deviation"] * z) * u.mV


# -- populations and projections -------------------------------------------------------------------


@dataclass(frozen=True)
class ReceptorSite:
    """Where spikes arrive: a synapse whose arrivals add up, and its way into the neuron.

    All projections onto a receptor share one state per neuron. Without a synapse a spike jumps the
    membrane potential at once.
    """

    synapse: type[Synapse] | None = Expon
    output: type[SynOut] = COBA

    def unit(self, model: type[Neuron]) -> u.Unit:
        """Return the unit of a weight: of a potential, a current, or a conductance."""
        potential, current = model.states()["V"].unit, _input(model).unit
        if self.synapse is None:
            return potential
        return current if self.output is CUBA else _unit_of_ratio(current, potential)


@dataclass(frozen=True)
class Population:
    """Neurons of one model, with the places that make them part of a network.

    Parameters
    ----------
    model : type
        A neuron of the catalogue, or a `NetworkCell`.
    receptors : mapping of str to ReceptorSite
        By name; the background arrives at the first.
    stimulus, background, start : type
        A stimulus without noise; `Background` or None; a `Start`, by default one that suits.
    """

    model: type[Neuron] = NetworkCell
    receptors: Any = field(default_factory=lambda: {"exc": ReceptorSite(), "inh": ReceptorSite()})
    stimulus: type[inputs.Stimulus] = inputs.Constant
    background: type[Background] | None = None
    start: type[Start] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "receptors", tuple(dict(self.receptors).items()))
        if self.start is None or not self.start.suits(self.model):
            object.__setattr__(self, "start", _suiting(self.model))

    def places(self) -> dict[str, type[Component] | None]:
        """Return the component of every place, by its path within the population."""
        found: dict[str, Any] = {"": self.model, "stimulus": self.stimulus}
        found |= {"background": self.background, "start": self.start}
        for name, receptor in self.receptors:
            found[name] = receptor.synapse
            if receptor.synapse is not None:
                found[f"{name}.output"] = receptor.output
        return found

    def choices(self) -> dict[str, ChoiceSpec]:
        """Return the choice of every place, by its path within the population."""
        fits = {n: c for n, c in _starts().items() if c.suits(self.model)}
        steady = {n: c for n, c in inputs.catalogue().items() if not c.stochastic}
        found = {
            "": choice_of(neurons(), "NetworkCell", "neuron model", label="model"),
            "stimulus": choice_of(steady, "Constant", "shape of the input to all neurons"),
            "background": choice_of(
                {"Background": Background}, NOTHING, "random spikes from outside", may_be_empty=True
            ),
            "start": choice_of(fits, _suiting(self.model).__name__, "potentials at the start"),
        }
        for name, receptor in self.receptors:
            meaning = f"how spikes act at the receptor {name}: through a synapse, or as a jump"
            found[name] = choice_of(_synapses(), "Expon", meaning, may_be_empty=True)
            if receptor.synapse is not None:
                meaning = f"how the receptor {name} drives the neuron"
                found[f"{name}.output"] = choice_of(catalog.outputs(), "COBA", meaning)
        return found

    def having(self, place: str, name: str) -> Population:
        """Return the population with another component at a place."""
        if place in ("stimulus", "background", "start", ""):
            options = {
                "": neurons,
                "stimulus": inputs.catalogue,
                "background": lambda: {"Background": Background, NOTHING: None},
                "start": _starts,
            }
            return replace(self, **{place or "model": options[place]()[name]})
        receptors = dict(self.receptors)
        at, _, output = place.partition(".")
        change = {"output": catalog.outputs()[name]} if output else {}
        change = change or {"synapse": None if name == NOTHING else _synapses()[name]}
        receptors[at] = replace(receptors[at], **change)
        return replace(self, receptors=receptors)


@dataclass(frozen=True)
class Projection:
    """The connections from one population onto a receptor of another."""

    source: str
    target: str
    receptor: str
    connectivity: type[Connectivity] = FixedProbability


def delay_spec() -> ParameterSpec:
    """Declare the delay of a projection."""
    return _Travel.delay


class _Travel(Component):
    delay = ParameterSpec(
        0.1 * u.ms,
        "d",
        "delay of a projection: from a spike to its arrival, in whole time steps",
        soft=(0.1, 10.0),
        hard=NON_NEGATIVE,
    )


@cache
def weight_spec(model: type[Neuron], receptor: ReceptorSite) -> ParameterSpec:
    """Declare how much a spike gives to a receptor, in the unit that the receptor takes."""
    unit, current = receptor.unit(model), float(u.get_mantissa(_input(model).default))
    usual = 0.5 if receptor.synapse is None else 0.05 * current
    if receptor.synapse is not None and receptor.output is not CUBA:
        usual /= 20.0  # of a driving force of tens of mV
    spec = ParameterSpec(
        boundary.attach(usual, unit),
        "w",
        "weight: how much a spike adds at its target; below zero it takes away",
        soft=(-20.0 * usual, 20.0 * usual),
        unit_text=boundary.unit_text(unit),
    )
    object.__setattr__(spec, "name", "weight")
    return spec


def neurons() -> dict[str, type[Neuron]]:
    """Return the neurons that a population may have, by name."""
    return {"NetworkCell": NetworkCell, **catalog.neurons()}


def _synapses() -> dict[str, type[Synapse]]:
    """Return the synapses whose arrivals add up, so that one state serves a whole receptor."""
    return {n: c for n, c in catalog.synapses().items() if issubclass(c, AlignPost)}


def _starts() -> dict[str, type[Start]]:
    return {c.__name__: c for c in subclasses(Start)}


def _suiting(model: type[Neuron]) -> type[Start]:
    return UniformStart if UniformStart.suits(model) else AtRest


def _input(model: type[Neuron]) -> InputSpec:
    assert model.input is not None  # the catalogue holds none that does not say
    return model.input


def _unit_of_ratio(a: u.Unit, b: u.Unit) -> u.Unit:
    """Return a / b as one of the units that have a name, such as nS for pA / mV."""
    if b.is_unitless:
        return a
    ratio = a / b
    for known in boundary.UNITS.values():
        same = known.dim == ratio.dim and abs(known.magnitude / ratio.magnitude - 1.0) < 1e-9
        if same:
            return known
    return ratio
