"""Plots: made once, then given new data in place, never blank."""

from explorer.views.base import Ghost, View, Window
from explorer.views.difference import DifferenceView
from explorer.views.raster import RasterView
from explorer.views.rate import RateView
from explorer.views.statistics import StatisticsView
from explorer.views.stimulus import StimulusView
from explorer.views.surrogate import Curves, SurrogateView, curves_of
from explorer.views.synapse import (
    ArrivalsView,
    ConductanceView,
    CurrentView,
    CurrentVoltageView,
    OutputCurves,
    PlasticityView,
    PotentialView,
    output_curves,
)
from explorer.views.voltage import VoltageView

__all__ = [
    "ArrivalsView",
    "ConductanceView",
    "CurrentView",
    "CurrentVoltageView",
    "Curves",
    "DifferenceView",
    "Ghost",
    "OutputCurves",
    "PlasticityView",
    "PotentialView",
    "RasterView",
    "RateView",
    "StatisticsView",
    "StimulusView",
    "SurrogateView",
    "View",
    "VoltageView",
    "Window",
    "curves_of",
    "output_curves",
]
