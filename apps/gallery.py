"""The gallery of all models as a Panel app: ``panel serve apps/gallery.py``."""

from explorer.server import gallery_page

gallery_page().servable()
