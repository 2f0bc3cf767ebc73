"""The neuron lab as a Panel app: ``panel serve apps/neuron.py``."""

from explorer.server import neuron_page

neuron_page().servable()
