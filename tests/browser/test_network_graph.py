"""The graph of a network as a user edits it: by pointer, by table, and by the keyboard alone."""

import panel as pn
import pytest

from explorer.components import NetworkGraph

pytestmark = pytest.mark.browser


class Circuit:
    """What stands behind the graph: it does what the messages ask for, and refuses some of it."""

    def __init__(self, names, width=None):
        self.populations = [self.population(name, index) for index, name in enumerate(names)]
        self.projections = []
        for source in names:
            for target in names:
                self.join(source, target, "exc" if source != "I" else "inh")
        self.heard = []
        self.graph = NetworkGraph(**self.state)
        self.graph.on_message(self.hear)
        self.box = pn.Column(self.graph, width=width, margin=0)

    @staticmethod
    def population(name, color):
        receptors = ["exc", "inh"] if name != "single" else ["exc"]
        facts = {"detail": f"{800 if name != 'I' else 200} LIFRef", "problem": ""}
        return {"id": name, "label": name, "color": color, "receptors": receptors, **facts}

    def join(self, source, target, receptor):
        name = f"{source}{target}"
        while name in {p["id"] for p in self.projections}:
            name += "'"
        ends = {"source": source, "target": target, "receptor": receptor}
        sign = {"exc": 1, "inh": -1}.get(receptor, 0)
        facts = {"detail": "p = 0.02, 6 nS, 0.1 ms", "sign": sign, "problem": ""}
        self.projections.append({"id": name, **ends, **facts})
        return name

    @property
    def state(self):
        return {
            "populations": [dict(p) for p in self.populations],
            "projections": [dict(p) for p in self.projections],
        }

    def hear(self, message):
        self.heard.append(message)
        refused = getattr(self, message["type"])(message)
        if refused:
            self.graph.notice = refused
        else:
            self.graph.param.update(**self.state)

    def select(self, message):
        self.graph.selected = message["id"]

    def add_population(self, message):
        name = next(n for n in "ABCDFGHJK" if n not in {p["id"] for p in self.populations})
        self.populations.append(self.population(name, len(self.populations)))
        self.graph.selected = name

    def remove(self, message):
        gone = message["id"]
        self.populations = [p for p in self.populations if p["id"] != gone]
        self.projections = [
            p for p in self.projections if gone not in (p["id"], p["source"], p["target"])
        ]

    def rename(self, message):
        old, new = message["id"], message["name"]
        if not new.isidentifier():
            return f"{new!r} is no name; use letters and digits."
        for item in self.populations + self.projections:
            for key in ("id", "label", "source", "target"):
                if item.get(key) == old:
                    item[key] = new
        if self.graph.selected == old:
            self.graph.selected = new
        return None

    def connect(self, message):
        self.join(message["source"], message["target"], message["receptor"])

    def retarget(self, message):
        item = next(p for p in self.projections if p["id"] == message["id"])
        item.update({key: message[key] for key in ("source", "target", "receptor")})
