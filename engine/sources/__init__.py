"""Sources: spike trains and currents that are models themselves, one module a kind."""

from engine.sources.base import Source
from engine.sources.currents import (
    ConstantInput,
    RampInput,
    SectionInput,
    SinusoidalInput,
    StepInput,
)
from engine.sources.noise import OUProcessInput, WienerProcessInput
from engine.sources.poisson import PoissonEncoder, PoissonInput, PoissonSpike, poisson_input
from engine.sources.spike_time import SpikeTime

__all__ = [
    "ConstantInput",
    "OUProcessInput",
    "PoissonEncoder",
    "PoissonInput",
    "PoissonSpike",
    "RampInput",
    "SectionInput",
    "SinusoidalInput",
    "Source",
    "SpikeTime",
    "StepInput",
    "WienerProcessInput",
    "poisson_input",
]
