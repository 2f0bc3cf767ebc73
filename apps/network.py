"""The network lab as a Panel app: ``panel serve apps/network.py``."""

from explorer.server import network_page

network_page().servable()
