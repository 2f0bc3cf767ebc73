"""The controls, the header, the status line and the insight column as Panel components.

Each component is one JavaScript module under ``assets/`` and a set of parameters that say what to
show. What a user does comes back as a message, a plain dict, to the callbacks given to
`Component.on_message`. No component knows what a message means: that is the lab's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import param
from panel.custom import Child, JSComponent

from explorer.theme import component_css

ASSETS = Path(__file__).parent / "assets"

Message = dict[str, Any]
"""What the browser sends, such as ``{"type": "set", "path": "tau", "value": 12.5, "seq": 3}``."""


def _styles(name: str) -> list[str]:
    sheets = [(ASSETS / file).read_text(encoding="utf-8") for file in ("base.css", f"{name}.css")]
    return ["\n".join([component_css(), *sheets])]


def _script(*names: str) -> str:
    files = ("common.js", *(f"{name}.js" for name in names))
    return "\n".join((ASSETS / file).read_text(encoding="utf-8") for file in files)


class Component(JSComponent):
    """A component of the page that shows its parameters and reports what the user does."""

    __abstract = True

    def __init__(self, **params: Any) -> None:
        params.setdefault("sizing_mode", "stretch_width")
        params.setdefault("margin", 0)
        super().__init__(**params)
        self._callbacks: list[Callable[[Message], None]] = []

    def on_message(self, callback: Callable[[Message], None]) -> None:
        """Call back with each message from the browser.

        Parameters
        ----------
        callback : callable
            Takes one dict with at least the key ``type``. Callbacks run in the order in which
            they were added.
        """
        self._callbacks.append(callback)

    @classmethod
    def _patch_datamodel_ref(cls, props: Any, ref: str) -> None:
        # Panel searches all that a component refers to at every update, to tag what it finds: a
        # third of the server's share of a slider step. Once is enough.
        if f"__ref:{ref}" not in props.tags:
            super()._patch_datamodel_ref(props, ref)

    def _handle_msg(self, data: Message) -> None:
        for callback in self._callbacks:
            callback(data)


class ControlRail(Component):
    """All controls of a lab: one line for each parameter, in collapsible groups.

    A number control is a dict ``{"path", "kind": "number", "symbol", "label", "unit", "soft",
    "hard", "limits", "scale", "step", "integer", "default", "meaning", "source", "live",
    "spread"}``: the slider runs over ``soft``, typed values may lie within ``hard`` (``None``: no
    bound; ``limits`` says so in words), ``symbol`` is MathML or empty. A choice control is
    ``{"path", "kind": "choice", "style": "segmented" or "select", "label", "symbol", "options":
    [{"value", "label", "hint"}], "default", "meaning"}``. A row of numbers is ``{"path", "kind":
    "list", "label", "symbol", "unit", "default", "meaning", "table"}``; with ``table`` a file can
    be loaded, whose lines come as a text.

    Messages are ``{"type": "set", "path", "value", "seq", "gesture"}`` (all of one drag have the
    same ``gesture``, 0 is none), ``{"type": "text", "path", "text", "seq"}`` (typed, may carry a
    unit), ``{"type": "reset", "path", "seq"}`` and ``{"type": "spread", "path", "on", "seq"}``.
    While one is unacknowledged the browser keeps only the newest value of each path, and sends it
    once `ack` has caught up and the plots have been painted.
    """

    groups = param.List(
        default=[],
        doc="""Groups in order: ``{"id", "title", "controls": [...]}``, with ``"open": False`` for a
        group that starts closed.""",
    )
    values = param.Dict(default={}, doc="Path -> number or string: the values in force.")
    errors = param.Dict(
        default={},
        doc="""Path -> sentence, shown under the row; the row keeps what the user typed until its
        entry is gone.""",
    )
    ack = param.Integer(
        default=0,
        doc="""The highest ``seq`` whose effect is in the plots; refused messages count too.""",
    )

    _esm = _script("rail")
    _stylesheets = _styles("rail")

    def __init__(self, **params: Any) -> None:
        params.setdefault("sizing_mode", "stretch_both")
        super().__init__(**params)


class HeaderBar(Component):
    """The bar at the top: name, labs, model, presets, history, link and theme.

    Messages are ``{"type": "model", "value"}``, ``{"type": "preset", "id"}``, ``{"type": "undo"}``,
    ``{"type": "redo"}``, ``{"type": "reset_all"}``, ``{"type": "history", "open"}`` and ``{"type":
    "go", "id"}`` with an entry of the history. Undo and redo also answer to Ctrl+Z and
    Ctrl+Shift+Z anywhere outside of a text field. The link and the theme need no server.
    """

    title = param.String(default="Spikescope", doc="The name, the only top heading of the page.")
    labs = param.List(default=[], doc='Tabs: ``{"id", "label", "href", "current"}``.')
    models = param.List(default=[], doc='Models to pick from: ``{"value", "label", "hint"}``.')
    model = param.String(default="", doc="Value of the model in force.")
    presets = param.List(
        default=[],
        doc="""Presets: ``{"id", "label", "hint", "group"}``. Those with the same group stand
        together under it as a heading; one without a group stands by itself.""",
    )
    preset = param.String(
        default="", doc="Id of the preset in force, empty once something differs."
    )
    can_undo = param.Boolean(default=False, doc="Whether there is a step to undo.")
    can_redo = param.Boolean(default=False, doc="Whether there is a step to redo.")
    shows_history = param.Boolean(default=False, doc="Whether the history is listed.")
    history = param.List(
        default=[],
        doc="""Entries, newest first: ``{"id", "label", "place"}`` with a place of ``future``,
        ``now``, ``past`` or ``left``; given while they are in sight.""",
    )
    keeps_history = param.Boolean(
        default=True, doc="Whether there is a state to undo, reset, and link to."
    )
    query = param.String(
        default="",
        doc="The state as a link's query; the browser shows it in the address, after a pause.",
    )

    _esm = _script("header")
    _stylesheets = _styles("header")


class StatusLine(Component):
    """The line at the bottom: a sentence, the figures of the last run, and the server's state.

    Messages are ``{"type": "cancel"}``, while there is `work`, and that of a message's action.

    The state of the server is the browser's own finding. When the connection is lost for good,
    the page loads again as soon as the server answers.
    """

    items = param.List(
        default=[],
        doc="""Figures in order: ``{"id", "text", "tone", "title"}`` with a tone of ``normal``,
        ``busy``, ``warn`` or ``error``.""",
    )
    message = param.Dict(
        default={},
        doc="""A sentence: ``{"text", "tone"}``, and perhaps ``"action": {"type", "label"}`` for a
        button beside it; read out when it changes.""",
    )
    work = param.Dict(
        default={}, doc='A long run under way: ``{"text", "fraction"}``; empty where there is none.'
    )
    busy = param.String(
        default="",
        doc="""Why the plots are not up to date, for example ``compiling LIF``; empty when they
        are. The plots of the page are dimmed and say so, and never go blank.""",
    )

    _esm = _script("status")
    _stylesheets = _styles("status")


class StimulusEditor(Component):
    """What lies over the plot of the input: points to drag, and a surface to draw on.

    It finds the figure by its name and lies over its frame; panning and zooming go on as before
    except where there is a handle, and while drawing is switched on.

    Messages are ``{"type": "draw", "on"}`` (drawing was switched), ``{"type": "points", "points",
    "gesture", "done", "seq"}``, ``{"type": "handle", "id", "x", "y", "gesture", "done", "seq"}``
    and ``{"type": "table", "text"}`` (a file was chosen or dropped). All of one drag have the same
    ``gesture``, and the last of it is ``done``. While one is unacknowledged the browser keeps only
    the newest, and it sends 30 in a second at most.
    """

    figure = param.String(default="stimulus", doc="Name of the figure.")
    course = param.Selector(
        default="",
        objects=["", "lines", "levels"],
        doc="How a drawn input runs from point to point; empty where it is not drawn.",
    )
    points = param.List(default=[], doc="Points of a drawn input: ``[time, value]``.")
    scale = param.List(default=[1.0, 0.0], doc="Factor and offset from a value to what is plotted.")
    handles = param.List(
        default=[],
        doc="""Points that stand for parameters: ``{"id", "x", "y", "moves", "label"}`` where
        ``moves`` is ``x``, ``y`` or ``xy``.""",
    )
    unit = param.String(default="", doc="Unit of the input.")
    ack = param.Integer(default=0, doc="The highest ``seq`` whose effect is in the plots.")

    _esm = _script("stimuluseditor")
    _stylesheets = _styles("stimuluseditor")


class Insight(Component):
    """The column beside the plots: numbers of the run, the equation, and a small figure.

    Where there are several figures to choose from, the message is ``{"type": "figure", "id"}``.
    """

    numbers = param.List(
        default=[],
        doc="""Numbers in order: ``{"id", "label", "value", "unit", "title"}``, perhaps with a
        ``"note"`` that stands below; the first is the headline. They are replaced in place.""",
    )
    equation = param.String(default="", doc="The model's equation as MathML.")
    note = param.String(default="", doc="A sentence under the equation, such as its source.")
    figure = Child(default=None, allow_None=True, doc="A small figure, such as the surrogate.")
    figure_title = param.String(default="Surrogate", doc="Heading of the figure.")
    shelf = Child(default=None, allow_None=True, doc="The kept runs.")
    figures = param.List(default=[], doc='Figures to choose from: ``{"id", "label"}``.')
    figure_id = param.String(default="", doc="Id of the figure in sight.")
    figure_note = param.String(
        default="", doc="A sentence under the figure: what is looked at, or why there is nothing."
    )
    figure_help = param.String(default="", doc="What the figure shows; behind a line that opens.")
    figure_numbers = param.List(
        default=[], doc="Numbers that belong to the figure, like `numbers`; they stand under it."
    )
    methods = param.List(
        default=[],
        doc="""How figure and numbers are worked out: ``{"id", "label", "summary",
        "formula", "words", "reference"}``, as `explorer.methods` makes them; behind a line that
        opens.""",
    )

    _esm = _script("insight")
    _stylesheets = _styles("insight")

    def __init__(self, **params: Any) -> None:
        params.setdefault("sizing_mode", "stretch_both")
        super().__init__(**params)


class RunShelf(Component):
    """The shelf of kept runs: buttons, a row for each run, and a table of what differs.

    Messages are ``{"type": "keep"}``, ``{"type": "flip"}``, ``{"type": "compare"}``, ``{"type":
    "difference", "on"}``; for a run ``{"type": "show", "id", "on"}``, ``{"type": "rename", "id",
    "name"}``, ``{"type": "select", "id"}``, ``{"type": "go", "id"}`` and ``{"type": "remove",
    "id"}``; and once, after the page was loaded, ``{"type": "found", "runs", "last"}``: what the
    browser remembers of `saved`, and the query of where the user left off. The keys K and X keep
    and flip anywhere outside of a field.
    """

    lab = param.String(default="", doc="Name under which the browser remembers the shelf.")
    runs = param.List(
        default=[],
        doc="""Kept runs in order: ``{"id", "name", "role", "on", "selected", "note"}``; ``role`` is
        that of the colour, ``note`` says why a run is not drawn.""",
    )
    table = param.Dict(
        default={},
        doc="""What differs: ``{"columns": [{"name", "role"}], "rows", "numbers"}``, both lists of
        ``{"name", "unit", "title", "cells"}``; empty where nothing is compared.""",
    )
    flipped = param.String(default="", doc="Id of the run that a flip has put in front.")
    compare = param.String(default="", doc="What one click compares; empty where there is nothing.")
    difference = param.Boolean(default=False, doc="Whether the difference is plotted.")
    has_difference = param.Boolean(default=False, doc="Whether there is a plot of the difference.")
    saved = param.List(default=[], doc='What to remember: ``{"id", "name", "query"}`` a run.')

    _esm = _script("shelf")
    _stylesheets = _styles("shelf")


class GalleryCards(Component):
    """Cards of models in sections, with a search. Thumbnails come as they are drawn.

    The message is ``{"type": "want", "ids"}``: the cards that have come into sight.
    """

    sections = param.List(
        default=[],
        doc="""Sections in order: ``{"id", "title", "cards"}``, as `explorer.gallery.cards` makes
        them.""",
    )
    thumbnails = param.Dict(
        default={}, doc="""Card -> paths ``{"role", "d"}`` of its drawing, in a box of 240 by 84."""
    )

    _esm = _script("gallerycards")
    _stylesheets = _styles("gallerycards")


class NetworkGraph(Component):
    """Populations and projections as a graph and as a table, to be edited in either.

    A population is a dict ``{"id", "label", "detail", "color", "receptors", "problem"}``, where
    ``color`` counts through the palette of the populations. A projection is a dict ``{"id",
    "source", "target", "receptor", "detail", "sign", "problem"}``: its ``sign`` is 1 where it
    excites, -1 where it inhibits, and 0 where it may do either. No id is used twice.

    Messages are ``{"type": "select", "id"}`` (an empty id is the whole network), ``{"type":
    "add_population", "like"}`` (the population to copy, or empty), ``{"type": "remove", "id"}``,
    ``{"type": "rename", "id", "name"}``, ``{"type": "connect", "source", "target", "receptor"}``
    and ``{"type": "retarget", "id", "source", "target", "receptor"}``. The answer is new lists, or
    a `notice`. Whatever has the same id stays where it is and keeps the focus.
    """

    populations = param.List(default=[], doc="The populations, in the order of their places.")
    projections = param.List(default=[], doc="The projections between them.")
    selected = param.String(
        default="", doc="Id of a population or a projection; empty is the network as a whole."
    )
    limits = param.Dict(default={"populations": 12}, doc="How many populations there may be.")
    notice = param.String(
        default="",
        doc="A sentence, shown and read out: why nothing was done. The next message clears it.",
    )

    _esm = _script("networkgraph", "networkdrawing", "networkgeometry", "networktable")
    _stylesheets = _styles("networkgraph")

    def _handle_msg(self, data: Message) -> None:
        self.notice = ""
        super()._handle_msg(data)
