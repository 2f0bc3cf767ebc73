"""The graph of a network as a user edits it: by pointer, by table, and by the keyboard alone."""

import threading

import panel as pn
import pytest
from axe_playwright_python.sync_playwright import Axe

from explorer import shell
from explorer.components import HeaderBar, NetworkGraph
from explorer.server import free_port
from tests.browser.page import REACH

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


@pytest.fixture(scope="module")
def server():
    """A page with the graph alone, made anew for each visitor; ``circuits`` has what is behind."""
    circuits = []

    def page():
        asked = {key: value[0].decode() for key, value in pn.state.session_args.items()}
        circuit = Circuit(asked["names"].split(","), int(asked["width"]) or None)
        circuit.document = pn.state.curdoc
        circuits.append(circuit)
        return shell.wide_page("Network", HeaderBar(), circuit.box)

    port = free_port(6700)
    running = pn.serve({"": page}, port=port, show=False, threaded=True, verbose=False)
    yield f"http://localhost:{port}/", circuits
    running.stop()


class Page:
    """The graph in a tab of the browser, with what it has sent."""

    def __init__(self, page, circuit):
        self.page, self.circuit = page, circuit

    def item(self, name):
        return self.page.get_by_role("button", name=name)

    def node(self, id_):
        return self.page.locator(f'.node[data-id="{id_}"]')

    def edge(self, id_):
        return self.page.locator(f'.edge[data-id="{id_}"]')

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def button(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def wait(self, condition):
        self.page.wait_for_function(condition)

    def centre(self, id_):
        box = self.node(id_).locator(".body").bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, *ways):
        """Press at the first place, go through the others, and release at the last."""
        mouse = self.page.mouse
        mouse.move(*ways[0])
        mouse.down()
        for way in ways[1:]:
            mouse.move(*way, steps=4)
        mouse.up()

    def says(self, text):
        """Wait until this has been announced."""
        self.wait(f"reach.find('.network .sr-only[role=status]').textContent.includes({text!r})")

    @property
    def focused(self):
        """How a screen reader names what has the focus."""
        return self.page.evaluate(
            "(reach.focused().getAttribute('aria-label') || reach.focused().textContent)"
        )

    @property
    def heard(self):
        """All messages, once none is on its way."""
        self.page.wait_for_timeout(100)
        return self.circuit.heard

    def change(self, **params):
        """Let Python set parameters, and wait until the browser has them."""
        done = threading.Event()

        def act():
            self.circuit.graph.param.update(**params)
            done.set()

        self.circuit.document.add_next_tick_callback(act)
        assert done.wait(5)
        self.page.wait_for_timeout(100)


@pytest.fixture(scope="module")
def window(browser):
    """A browser window for all pages of a size: the scripts of Bokeh are read once."""
    windows = {}

    def window(options):
        key = repr(options)
        if key not in windows:
            windows[key] = browser.new_context(**options)
            windows[key].set_default_timeout(6_000)
            windows[key].add_init_script("localStorage.clear()")
            windows[key].add_init_script(REACH)
        return windows[key]

    yield window
    for context in windows.values():
        context.close()


@pytest.fixture
def visit(window, server):
    """Open pages: ``visit("E,I", width=340, **options)``; none may write an error."""
    address, circuits = server
    pages, complaints = [], []

    def visit(names="E,I", width=340, **options):
        page = window({"viewport": {"width": 900, "height": 700}} | options).new_page()
        pages.append(page)
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{address}?names={names}&width={width}")
        page.locator(".node").first.wait_for()
        return Page(page, circuits[-1])

    yield visit
    for page in pages:
        page.close()
    assert complaints == []


@pytest.fixture
def pair(visit):
    """An excitatory and an inhibitory population, each connected to both."""
    return visit()


# -- pointer


def test_a_click_selects_and_the_line_below_says_what_it_is(pair):
    pair.node("I").click()
    assert pair.heard == [{"type": "select", "id": "I"}]
    assert pair.item("population I, 200 LIFRef, selected").count() == 1
    assert "200 LIFRef" in pair.page.locator(".info").inner_text()
    pair.edge("EI").locator(".hit").click()
    assert pair.heard[-1] == {"type": "select", "id": "EI"}
    assert "E → I" in pair.page.locator(".info").inner_text()
    assert pair.page.locator(".hint").inner_text() == "p = 0.02, 6 nS, 0.1 ms"
    pair.page.mouse.click(*(pair.page.locator(".stage").bounding_box()[k] + 4 for k in "xy"))
    assert pair.heard[-1] == {"type": "select", "id": ""}


def test_the_pointer_is_told_what_it_is_over(pair):
    pair.edge("IE").locator(".hit").hover()
    assert "I → E · inh" in pair.page.locator(".info").inner_text()
    assert pair.edge("IE").get_attribute("class") == "edge strong"
    assert pair.edge("EE").get_attribute("class") == "edge faint"
    pair.page.mouse.move(700, 600)
    assert "Network" in pair.page.locator(".info").inner_text()
    assert pair.heard == []


def test_the_keyboard_takes_over_from_a_pointer_that_rests(pair):
    pair.node("E").click()
    pair.press("ArrowRight")
    assert pair.focused == "population I, 200 LIFRef"
    assert "200 LIFRef" in pair.page.locator(".info").inner_text()


def test_dragging_to_another_population_connects_after_the_receptor_was_chosen(pair):
    pair.drag(pair.centre("I"), pair.centre("E"))
    assert [b.inner_text() for b in pair.page.get_by_role("menuitem").all()] == ["exc", "inh"]
    pair.page.get_by_role("menuitem", name="inh").click()
    pair.says("added projection IE' from I to E, receptor inh")
    wanted = {"type": "connect", "source": "I", "target": "E", "receptor": "inh"}
    assert pair.heard == [wanted]
    lines = [pair.edge(name).locator(".line").get_attribute("d") for name in ("IE", "IE'", "EI")]
    assert len(set(lines)) == 3


def test_dragging_out_and_back_makes_a_loop_and_into_the_open_nothing(visit):
    single = visit("single")
    single.node("single").click()
    x, y = single.centre("single")
    single.drag((x, y), (x + 90, y), (x + 4, y + 2))
    single.says("added projection")
    select = {"type": "select", "id": "single"}
    loop = {"type": "connect", "source": "single", "target": "single", "receptor": "exc"}
    assert single.heard == [select, loop]  # one receptor only: nothing to ask
    single.drag((x, y), (x + 100, y + 5))
    assert single.page.locator(".preview").get_attribute("d") == ""
    assert single.heard == [select, loop]  # and the end of a drag is no click


def test_a_refusal_is_shown_and_what_was_typed_goes_back(pair):
    pair.node("E").dblclick()
    pair.page.get_by_label("Name of population E").fill("two words")
    pair.press("Enter")
    pair.page.locator(".notice:not(:empty)").wait_for()
    assert "is no name" in pair.page.locator(".notice").inner_text()
    assert pair.node("E").count() == 1
    pair.node("I").click()
    pair.page.locator(".notice:not(:empty)").wait_for(state="hidden")


def test_no_more_populations_than_allowed(visit):
    page = visit(",".join(f"P{i}" for i in range(12)))
    page.page.locator(".toolbar .action").first.click(force=True)
    page.says("no more than 12 populations")
    assert page.heard == []


# -- keyboard


def test_a_network_is_edited_with_the_keyboard_alone(pair):
    pair.page.evaluate("reach.find('.toolbar .action').focus()")
    pair.press("Enter")  # a population more
    pair.says("added population A")
    pair.press("Tab", "Tab", "Tab")
    assert pair.focused == "population E, 800 LIFRef"
    pair.press("End")
    assert pair.focused == "population A, 800 LIFRef, selected"
    pair.press("c", "ArrowRight", "Enter")  # from A to E
    assert pair.focused == "exc"
    pair.press("ArrowDown", "Enter")
    pair.says("added projection AE from A to E, receptor inh")
    assert pair.focused == "population A, 800 LIFRef, selected"
    pair.press("ArrowDown")
    assert pair.focused == ("projection AE from A to E, receptor inh, p = 0.02, 6 nS, 0.1 ms")
    pair.press("F2", *"Back", "Enter")
    pair.says("renamed AE to Back")
    assert pair.focused.startswith("projection Back from A to E")
    pair.press("ArrowRight")
    assert pair.focused == "population E, 800 LIFRef"
    pair.press("F2", *"Exc", "Enter")
    pair.says("renamed E to Exc")
    assert pair.focused == "population Exc, 800 LIFRef"
    pair.press("ArrowLeft", "ArrowUp")
    assert pair.focused.startswith("projection Back from A to Exc")
    pair.press("Delete")
    pair.says("removed Back; undo brings it back")
    assert pair.focused.startswith("population A")
    pair.press("Backspace")
    pair.says("removed A; undo brings it back")
    assert pair.focused == "population I, 200 LIFRef"
    pair.press("Enter", "Delete")
    pair.says("removed I and 3 projections; undo brings them back")
    assert pair.focused == "population Exc, 800 LIFRef"
    assert [message["type"] for message in pair.heard] == [
        "add_population", "connect", "rename", "rename", "remove", "remove", "select", "remove",
    ]  # fmt: skip
    assert [p["id"] for p in pair.circuit.projections] == ["EE"]


def test_escape_takes_back_connecting_renaming_and_choosing_a_receptor(pair):
    pair.node("E").focus()
    pair.press("c", "ArrowRight")
    assert pair.page.locator(".preview").get_attribute("d")
    pair.press("Escape")
    pair.says("connecting cancelled")
    assert pair.focused == "population E, 800 LIFRef"
    pair.press("c", "Enter", "Escape")
    assert pair.page.get_by_role("menu").count() == 0
    assert pair.focused == "population E, 800 LIFRef"
    pair.press("F2", *"nonsense", "Escape")
    assert pair.focused == "population E, 800 LIFRef"
    assert pair.heard == []


def test_the_button_connects_from_a_source_that_is_chosen_first(pair):
    pair.button("Connect")
    pair.press("ArrowRight", "Enter", "ArrowLeft", "Enter", "Enter")
    pair.says("added projection IE'")
    pair.button("Connect")
    pair.node("I").click()
    pair.node("I").click()
    pair.page.get_by_role("menuitem", name="exc").click()
    pair.says("added projection II'")


# -- new lists


COUNT_CHANGES = """() => {
  window.changes = 0;
  const watch = (root) => new MutationObserver((list) => (window.changes += list.length)).observe(
    root, { subtree: true, childList: true, attributes: true, characterData: true });
  watch(reach.find('.network'));
}"""


@pytest.mark.parametrize("view", ["Graph", "Table"])
def test_identical_lists_change_nothing_and_another_number_only_words(pair, view):
    pair.page.get_by_role("radio", name=view).click()
    held = pair.node("I") if view == "Graph" else pair.page.get_by_label("Name of population I")
    held.focus()
    pair.page.evaluate("() => { reach.kept = reach.focused(); }")
    pair.page.evaluate(COUNT_CHANGES)
    pair.change(limits={"populations": 12, "read": "all lists again"})
    assert pair.page.evaluate("window.changes") == 0
    state = pair.circuit.state
    state["populations"][1]["detail"] = "250 LIFRef"
    pair.change(**state)
    assert "250 LIFRef" in pair.page.locator(".network").inner_text()
    assert pair.page.evaluate("window.changes") < 8
    pair.change(populations=[])
    pair.change(**pair.circuit.state)
    assert not pair.page.evaluate("reach.kept.isConnected")  # what went was not kept


@pytest.mark.parametrize("view", ["Graph", "Table"])
def test_focus_stays_while_a_population_is_added_before_it(pair, view):
    pair.page.get_by_role("radio", name=view).click()
    held = pair.node("I") if view == "Graph" else pair.page.get_by_label("Name of population I")
    held.focus()
    pair.page.evaluate("() => { reach.kept = reach.focused(); }")
    more = [Circuit.population("A", 2), *pair.circuit.state["populations"]]
    pair.change(populations=more)
    assert pair.node("A").count() == 1 or view == "Table"
    assert pair.page.evaluate("reach.kept === reach.focused() && reach.kept.isConnected")


def test_a_change_from_elsewhere_is_announced(pair):
    pair.change(projections=[])
    pair.says("the network has 2 populations and 0 projections")


# -- table


def test_the_table_edits_the_same_network(pair):
    pair.page.get_by_role("radio", name="Table").click()
    name = pair.page.get_by_label("Name of population E")
    name.fill("Exc")
    name.press("Enter")
    pair.says("renamed E to Exc")
    assert pair.focused == "Name of population Exc"
    pair.page.get_by_label("Target of projection EI").select_option("Exc")
    pair.says("projection EI from Exc to Exc, receptor exc")
    pair.page.get_by_label("Receptor of projection EI").select_option("inh")
    pair.says("projection EI from Exc to Exc, receptor inh")
    pair.page.get_by_label("Source of a new projection").select_option("I")
    pair.page.get_by_label("Target of a new projection").select_option("Exc")
    pair.button("Add projection")
    pair.says("added projection IExc from I to Exc, receptor exc")
    pair.page.get_by_label("Make the new population like").select_option("I")
    pair.button("Add population")
    pair.says("added population A")
    pair.button("Select I")
    pair.button("Remove projection IExc")
    pair.says("removed IExc; undo brings it back")
    assert pair.focused == "Remove projection II"
    assert pair.heard == [
        {"type": "rename", "id": "E", "name": "Exc"},
        {"type": "retarget", "id": "EI", "source": "Exc", "target": "Exc", "receptor": "exc"},
        {"type": "retarget", "id": "EI", "source": "Exc", "target": "Exc", "receptor": "inh"},
        {"type": "connect", "source": "I", "target": "Exc", "receptor": "exc"},
        {"type": "add_population", "like": "I"},
        {"type": "select", "id": "I"},
        {"type": "remove", "id": "IExc"},
    ]


def test_the_table_takes_back_what_is_refused(pair):
    pair.page.get_by_role("radio", name="Table").click()
    name = pair.page.get_by_label("Name of population E")
    for _ in range(2):
        name.fill("two words")
        name.press("Enter")
        pair.wait("reach.find('.populations .name input').value === 'E'")
    assert "is no name" in pair.page.locator(".notice").inner_text()


# -- sizes, themes, access


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_a_finger_connects_on_a_phone(visit):
    phone = visit(width=0, **PHONE)
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 390
    touch = phone.page.context.new_cdp_session(phone.page)

    def finger(kind, *point):
        points = [{"x": point[0], "y": point[1]}] if point else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    (x, y), (to_x, to_y) = phone.centre("E"), phone.centre("I")
    finger("touchStart", x, y)
    for share in (0.2, 0.5, 0.8, 1):
        finger("touchMove", x + share * (to_x - x), y + share * (to_y - y))
    finger("touchEnd")
    phone.page.get_by_role("menuitem", name="inh").tap()
    phone.says("added projection EI'")
    phone.node("I").tap()
    assert phone.heard[-1] == {"type": "select", "id": "I"}
    sizes = phone.page.evaluate(
        "reach.all('.network button').filter(b => b.offsetParent).map(b => b.offsetHeight)"
    )
    assert min(sizes) >= 44


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_violation(visit, theme):
    page = visit("E,I,PV", color_scheme=theme)
    state = page.circuit.state
    state["populations"][0]["problem"] = "no projection reaches E: it is silent."
    page.change(**state, notice="A sentence.", selected="E")
    page.page.get_by_role("radio", name="Table").click()
    no_violations(page)
    page.page.get_by_role("radio", name="Graph").click()
    page.node("E").focus()
    page.press("c", "Enter")
    page.page.get_by_role("menuitem").first.wait_for()
    no_violations(page)


def no_violations(page):
    results = Axe().run(page.page).response
    assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in results["violations"]] == []
    assert len(results["passes"]) > 10
