"""A signal that travels through areas of the macaque cortex, after Joglekar and others."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from engine.background import Background
from engine.connectivity import Chain, MacaqueCortex
from engine.connectivity.macaque import AREAS, FRACTIONS, distance
from engine.inputs import Step
from engine.network_experiment import NetworkExperiment
from engine.networks.base import PublishedNetwork, for_each
from engine.populations import JumpingCell, NetworkCell, NetworkProjection, Population, ReceptorSite
from engine.starts import AtRest

__all__ = ["MacaqueAreas"]

BANDS = (1.0, 8.0, 12.0, 16.0, 22.0, 30.0, 60.0)
"""Distances in mm that part the connections between areas, those of a band having one delay."""

LEAST = 0.002
"""Fraction of a connection between areas below which it is left out."""

SPEED = 3.5
"""Of a spike between areas, in mm/ms."""


class MacaqueAreas(PublishedNetwork):
    """Areas of cortex amplify what they hand on, and hold it in balance by inhibition: a volley.

    A current fires the first area, V1, for 8 ms. Where excitation between areas and inhibition
    within them are both strong, the volley reaches the frontal areas; where both are weak, it
    fades. Populations ``E`` and ``I`` hold the 29 areas one after the other, in the order of the
    hierarchy; ``cue`` is one cell, whose spikes in every step are the current into V1.

    Notes
    -----
    The regime is the synchronous one. The connections have the published strengths; those with less
    than one neuron in five hundred are left out, 227 of 536 stay. The distances are the published
    ones between six areas, and else told from the strengths; those of six bands have one delay
    each. The noise is Poisson spikes with the paper's mean and variance. A cell takes what arrives
    while it is refractory, as in the paper's simulator: one that forgets it lets an area of which
    all cells fire together go on for ever.

    The asynchronous regime is not here. With the weights that were published with its code, a more
    active area excites itself by 0.3 mV for each Hz beyond what inhibition takes back, and a signal
    brings the areas to the limit of their refractory period, at scales of 0.1 and of 0.2.
    """

    title = "Propagation between areas (Joglekar and others)"
    phenomenon = "A volley at 300 ms runs from V1 through the hierarchy up to the frontal areas."
    reference: ClassVar[str] = (
        "M. R. Joglekar, J. F. Mejias, G. R. Yang and X.-J. Wang (2018). Inter-areal balanced "
        "amplification enhances signal propagation in a large-scale circuit model of the primate "
        "cortex. Neuron 98, 222-234. doi:10.1016/j.neuron.2018.02.031"
    )
    rate = (0.3, 6.0)
    irregularity = (0.3, 1.5)
    start_scale = 0.2
    local: ClassVar[dict[str, float]] = {"EE": 0.04, "EI": 0.3, "II": -0.3}
    """Weights within an area in mV, by source and target."""
    onto_inhibition: ClassVar[float] = 0.19
    """Weight in mV between areas, onto inhibitory cells, of all neurons that project to an area."""
    strong: ClassVar[tuple[float, float, float]] = (0.25, 0.98, 16.0)
    """Excitation between and inhibition within areas, and the mean of the noise of ``E``, in mV,
    with strong balanced amplification."""
    weak: ClassVar[tuple[float, float, float]] = (0.16, 0.56, 15.4)
    noise: ClassVar[float] = 14.0
    """Mean in mV of the noise of ``I``."""
    pulse: ClassVar[tuple[float, float, float]] = (10.1, 300.0, 308.0)
    """What the current moves V1 by in mV, and from when to when in ms."""

    @classmethod
    def experiment(cls, scale: float = 1.0) -> NetworkExperiment:
        """Return the areas with strong amplification.

        Parameters
        ----------
        scale : float
            Part of the neurons to keep. Each keeps its connections as long as there are as many
            neurons in an area, 160; below these are fewer and stronger.
        """
        return cls.at(*cls.strong, scale=scale)

    @classmethod
    def at(
        cls, between: float, inhibition: float, drive: float, scale: float = 1.0
    ) -> NetworkExperiment:
        """Return the areas with any excitation between and inhibition within them, in mV.

        The drive is the mean of the noise of excitatory neurons in mV; in the paper it keeps the
        rates before the pulse as they are.
        """
        jump = {"psp": ReceptorSite(synapse=None)}
        cells = Population(JumpingCell, jump, background=Background, start=AtRest)
        cue = Population(NetworkCell, jump, Step, start=AtRest)
        areas, p, dt, tau = len(AREAS), min(1.0, 0.1 / scale), 0.1, {"E": 20.0, "I": 10.0}
        stronger = max(1.0, 0.1 / scale)
        projections = {"cue_E": NetworkProjection("cue", "E", "psp", Chain)}
        height, start, stop = cls.pulse
        given: dict[str, Any] = {
            "duration": 800.0,
            "E.n": areas * round(1600 * scale),
            "I.n": areas * round(400 * scale),
            # a cell that fires in every step of the pulse
            "cue.n": 1,
            "cue.tau_ref": 0.0,
            **for_each("cue", {"stimulus.amplitude": 1e6, "stimulus.baseline": 0.0}),
            **for_each("cue", {"stimulus.start": start, "stimulus.stop": stop}),
            "cue_E.weight": height * dt / tau["E"],
            "cue_E.connectivity.groups": areas,
        }

        def connect(name: str, weight: float, delay: float, **numbers: float) -> None:
            source, target = name[0], name[1]
            projections[name] = NetworkProjection(source, target, "psp", MacaqueCortex)
            given.update({f"{name}.weight": weight * stronger, f"{name}.delay": delay})
            given.update({f"{name}.connectivity.p": p})
            given.update({f"{name}.connectivity.{key}": value for key, value in numbers.items()})

        for name, weight in (cls.local | {"IE": -inhibition}).items():
            slope = 4.0 if name[0] == "E" else 0.0
            connect(name, weight, 2.0, farthest=BANDS[0], gradient=slope)
        for number, (near, far) in enumerate(pairwise(BANDS), 1):
            delay = round(_mean_distance(near, far) / SPEED, 1)
            for target, weight in (("E", between), ("I", cls.onto_inhibition)):
                numbers = {"nearest": near, "farthest": far, "least": LEAST}
                connect(f"E{target}{number}", weight, delay, **numbers)
        for name, mean in (("E", drive), ("I", cls.noise)):
            membrane = {
                "tau": tau[name],
                "tau_ref": 2.0,
                "V_rest": -70.0,
                "V_reset": -60.0,
                "V_th": -50.0,
                "stimulus.amplitude": 0.0,
                "background.rate": mean**2 / (9.0 * tau[name]) * 1e3,
                "background.weight": 9.0 / mean,
            }
            given |= for_each(name, membrane)
        network = NetworkExperiment({"E": cells, "I": cells, "cue": cue}, projections)
        return network.update(given)


def _mean_distance(near: float, far: float) -> float:
    """Return the distance of the areas of a band, the strong connections counting more."""
    found = [
        (distance(target, source), fraction)
        for target, sources in FRACTIONS.items()
        for source, fraction in sources.items()
        if near <= distance(target, source) < far
    ]
    distances, fractions = np.transpose(found)
    return float(np.average(distances, weights=fractions))
