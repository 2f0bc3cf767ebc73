// The status line: what happened, what it took, and whether the server is there.
//
// When the connection is lost the page asks the server every few seconds; as soon as it answers,
// the page loads again and finds its state in its own address.

const RETRY_MS = 2000;
const GRACE_MS = 3000; // what a server that answers has to take the old session up again
const RELOAD_KEY = "spikescope.reloaded";

export function render({ model, el, view }) {
  adoptTheme(el);
  const line = element("div", { class: "line" });
  const message = element("p", { class: "message", role: "status" });
  const action = element("button", { type: "button", class: "action", hidden: "" });
  const work = element("div", { class: "work", hidden: "" });
  const progress = element("progress", { max: "1", "aria-label": "progress of the run" });
  const done = element("span", {});
  const cancel = element("button", { type: "button", class: "cancel" }, "Cancel");
  work.append(progress, done, cancel);
  const items = element("dl", { class: "items" });
  const server = element("div", { class: "server", role: "status" });
  const lamp = element("span", { class: "lamp", "aria-hidden": "true" });
  const state = element("span", {});
  const again = element("button", { type: "button", class: "again" }, "Try now");
  server.append(lamp, state, again);
  line.append(message, action, work, items, server);
  el.append(line);

  // -- from Python

  const cells = new Map();

  function showItems() {
    const wanted = plain(model.items) ?? [];
    const ids = new Set(wanted.map((item) => item.id));
    for (const [id, cell] of cells) {
      if (!ids.has(id)) {
        cell.root.remove();
        cells.delete(id);
      }
    }
    wanted.forEach((item, index) => {
      if (!cells.has(item.id)) cells.set(item.id, new Cell(item.id));
      const cell = cells.get(item.id);
      cell.show(item);
      if (items.children[index] !== cell.root) items.insertBefore(cell.root, items.children[index] ?? null);
    });
  }

  function showMessage() {
    const { text = "", tone = "normal", action: offer } = plain(model.message) ?? {};
    const { busy } = model;
    action.hidden = !offer || Boolean(busy);
    if (offer) {
      setText(action, offer.label);
      action.dataset.type = offer.type;
    }
    setText(message, busy || text);
    message.dataset.tone = busy ? "busy" : tone;
    message.title = message.textContent;
  }

  function showBusy() {
    const { documentElement: page } = document;
    if (model.busy) page.dataset.busy = model.busy;
    else delete page.dataset.busy;
    const note = document.querySelector("[data-busy-note]");
    if (note && model.busy) note.textContent = model.busy; // it keeps its word while it fades
    showMessage();
  }

  function showWork() {
    const { text = "", fraction = 0 } = plain(model.work) ?? {};
    work.hidden = !text;
    progress.value = fraction;
    setText(done, text);
  }

  action.addEventListener("click", () => model.send_msg({ type: action.dataset.type }));
  cancel.addEventListener("click", () => model.send_msg({ type: "cancel" }));
  model.on("work", showWork);
  model.on("items", showItems);
  model.on("message", showMessage);
  model.on("busy", showBusy);
  showItems();
  showBusy();
  showWork();

  // -- the server

  function showServer(text, tone) {
    setText(state, text);
    server.dataset.tone = tone;
    document.documentElement.toggleAttribute("data-offline", tone === "error");
  }

  let retry = 0;
  let losses = 0;
  let reconnect = null;

  async function ask() {
    clearTimeout(retry);
    const since = losses;
    try {
      const answer = await fetch(window.location.href, { method: "GET", cache: "no-store", redirect: "manual" });
      if (since !== losses) return; // connected again, or lost anew, in the meantime
      if (answer.ok) {
        // A server that was restarted has no session of ours: Bokeh's own reconnection then fails
        // without a word, and only a new page helps.
        retry = setTimeout(reload, reconnect ? GRACE_MS : 0);
        return;
      }
    } catch {
      // still down
    }
    retry = setTimeout(ask, RETRY_MS);
  }

  function reload() {
    const last = Number(sessionStorage.getItem(RELOAD_KEY) ?? 0);
    if (Date.now() - last < 10000) {
      showServer("Server is back: reload the page", "error"); // twice in a row would be a loop
      return;
    }
    sessionStorage.setItem(RELOAD_KEY, String(Date.now()));
    showServer("Server is back, loading", "busy");
    window.location.reload();
  }

  const lost = (_, event) => {
    if (!line.isConnected) return; // drawn anew: the new line listens
    showServer("Connection lost, trying again", "error");
    losses += 1;
    reconnect = event.timeout == null ? null : () => event.reconnect();
    clearTimeout(retry);
    retry = setTimeout(ask, reconnect ? RETRY_MS : RETRY_MS / 4);
  };
  const back = () => {
    if (!line.isConnected) return;
    losses += 1;
    clearTimeout(retry);
    reconnect = null;
    showServer("Connected", "good");
  };

  again.addEventListener("click", () => {
    reconnect?.();
    ask();
  });
  const bokehDocument = view.model.document;
  bokehDocument?.on_event("connection_lost", lost);
  bokehDocument?.on_event("client_reconnected", back);
  showServer("Connected", "good");

  model.on("remove", () => {
    clearTimeout(retry);
    bokehDocument?.remove_on_event?.("connection_lost", lost);
    bokehDocument?.remove_on_event?.("client_reconnected", back);
  });
}

class Cell {
  constructor(id) {
    this.root = element("div", { class: "item", "data-id": id });
    this.term = element("dt", { class: "sr-only" });
    this.text = element("dd", {});
    this.root.append(this.term, this.text);
  }

  show({ id, text, tone = "normal", title = "" }) {
    setText(this.term, title || id);
    setText(this.text, text);
    this.root.dataset.tone = tone;
    this.root.title = title;
  }
}
