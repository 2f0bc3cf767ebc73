"""The page of a lab as a test sees it: in the words of a user where it can, by its models
elsewhere."""

from pathlib import Path

REACH = (Path(__file__).parent / "reach.js").read_text(encoding="utf-8")

VOLTAGE = "Membrane potential"
RASTER = "Spikes"


class Lab:
    """A lab in a tab of the browser; ``at`` is the address of its page on the server."""

    def __init__(self, page, address, at=""):
        self.page, self.address, self.at = page, address, at
        self.complaints, self.foreign, self.may_complain = [], [], False
        page.add_init_script(REACH)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._follow)
        page.on("websocket", lambda socket: self._check(socket.url))

    def _hear(self, message):
        if message.type == "error":
            self.complaints.append(message.text)

    def _follow(self, request):
        self._check(request.url)

    def _check(self, url):
        origin = self.address.removeprefix("http://")
        scheme, _, rest = url.partition("://")
        if scheme not in ("http", "https", "ws", "wss"):
            return
        if not rest.startswith(origin):
            self.foreign.append(url)

    # -- looking

    def open(self, query=""):
        """Load the page."""
        address = self.address + self.at + (f"?{query}" if query else "")
        self.page.goto(address, wait_until="commit")

    def wait_ready(self):
        """Wait for the first plots, and start to count the rail's messages."""
        self.wait("reach.ready()", timeout=60_000)
        self.page.evaluate("reach.watchRail()")
        return self

    def look(self, expression):
        """Evaluate an expression in the page."""
        return self.page.evaluate(expression)

    def wait(self, condition, timeout=15_000):
        """Wait until an expression holds in the page."""
        self.page.wait_for_function(f"() => window.reach && ({condition})", timeout=timeout)

    def wait_idle(self):
        """Wait until every message has been answered."""
        self.page.evaluate("new Promise(r => requestAnimationFrame(() => setTimeout(r, 0)))")
        self.wait("reach.idle()", timeout=30_000)

    @property
    def values(self):
        return self.look("reach.values()")

    @property
    def errors(self):
        return self.look("reach.errors()")

    @property
    def numbers(self):
        return self.look("reach.numbers()")

    @property
    def header(self):
        return self.look("reach.header()")

    @property
    def query(self):
        """What stands in the address."""
        return self.look("location.search")

    def trace(self):
        """The potential as it is drawn."""
        return self.look(f"reach.data('{VOLTAGE}', 'trace')")

    def picture(self, title=VOLTAGE):
        """A number that changes when a pixel of a plot changes; of a plot that holds still."""
        self.look(f"reach.still('{title}')")
        return self.look(f"reach.digest('{title}')")

    @property
    def text(self):
        """Every word in sight, shadow roots included."""
        return self.look(
            "reach.all('*').filter(n => !['SCRIPT', 'STYLE'].includes(n.tagName)).flatMap("
            "n => [...n.childNodes].filter(c => c.nodeType === 3).map(c => c.textContent.trim()))"
            ".filter(Boolean).join('\\n')"
        )

    # -- touching

    def row(self, path):
        """The row of a control."""
        return self.page.locator(f'.row[data-path="{path}"]')

    def slider(self, path):
        """The slider of a number."""
        return self.row(path).locator("input[type=range]")

    def box(self, path):
        """The text field of a number."""
        return self.row(path).locator("input[type=text]")

    def unfold(self):
        """Open every group of controls."""
        self.look("reach.all('.group button[aria-expanded=false]').forEach(b => b.click())")

    def type(self, path, text):
        """Type a value and press Enter."""
        self.box(path).fill(text)
        self.box(path).press("Enter")
        self.wait_idle()

    def pick(self, label, option):
        """Choose in one of the header's pickers."""
        self.page.get_by_label(label, exact=True).select_option(label=option)

    def press(self, name):
        """Press a button by its name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def value_is(self, path, value):
        """Wait until a control has a value and the plots show it."""
        self.wait(f"JSON.stringify(reach.values()['{path}']) === JSON.stringify({value!r})")
        self.wait_idle()
