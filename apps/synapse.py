"""The synapse lab as a Panel app: ``panel serve apps/synapse.py``."""

from explorer.server import synapse_page

synapse_page().servable()
