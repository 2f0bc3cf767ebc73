// The network: populations and projections as a graph and as a table, to be edited in either.
//
// Nothing is decided here. What a user does is sent to Python, which answers with new lists; the graph
// and the table take these over in place, so that focus and what is being typed survive.

const SVG = "http://www.w3.org/2000/svg";
const VIEW_KEY = "spikescope.network.view";
const COLORS = 7; // of the populations' palette
const DRAG_FROM = 5; // pixels that a press may wander before it is a drag
const SAID_MS = 6000;
const MOVE_MS = 180;

const ICONS = {
  add: "M8 3.2v9.6M3.2 8h9.6",
  connect: "M4.2 12.6a1.9 1.9 0 1 0 0-.1zM7.4 11.2C9 10.4 10.6 8.6 11.2 6.4M8.8 7.2l2.6-2.4 1.5 3.2",
  rename: "M3 13l.6-2.7 6.9-6.9a1.4 1.4 0 0 1 2 0l.1.1a1.4 1.4 0 0 1 0 2l-6.9 6.9zM9.4 4.6l2 2",
  remove: "M3 4.6h10M6.4 4.4V3h3.2v1.4M4.4 4.8l.6 8.2h6l.6-8.2M6.9 7.2v3.4M9.1 7.2v3.4",
};

const HELP =
  "Left and right move between populations, down and up through the projections that leave one. " +
  "On a projection, left goes to its source and right to its target. Enter selects, C connects, " +
  "F2 renames, Delete removes, Escape cancels.";

export function render({ model, el }) {
  adoptTheme(el);
  const network = new Network(model);
  el.append(network.root);
  let due = false;
  const update = () => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false; // once the whole message is taken in
      network.update();
    });
  };
  model.on(["populations", "projections", "selected", "limits"], update);
  model.on("notice", () => network.showNotice());
  model.on("remove", () => network.close());
  network.update();
  network.showNotice();
}

// -------------------------------------------------------------------------------- the network

// What is known of the network, what is selected, and everything around the graph and the table.
class Network {
  constructor(model) {
    this.model = model;
    this.populations = new Map();
    this.projections = new Map();
    this.selected = "";
    this.confirmed = ""; // the selection that Python has answered with
    this.choices = []; // selections that it has not answered yet
    this.asked = null; // the last change that was asked for
    this.root = element("section", { class: "network", "aria-label": "Network" });
    this.graph = new Graph(this);
    this.table = new Table(this);
    this.root.append(this.toolbar(), this.graph.root, this.table.root, ...this.foot());
    this.root.addEventListener("focusout", ({ relatedTarget }) => {
      if (!this.root.contains(relatedTarget) && document.hasFocus()) this.graph.stopConnecting();
    });
    this.show(remembered());
  }

  toolbar() {
    this.addButton = button("add", "Population", () => this.add(this.selected));
    this.connectButton = button("connect", "Connect", () => this.graph.toggleConnecting());
    this.connectButton.setAttribute("aria-pressed", "false");
    this.connectButton.title = "Connect two populations: choose the source, then the target (C)";
    this.switch = new Switch("View", { graph: "Graph", table: "Table" }, (view) => this.show(view, true));
    const bar = element("div", { class: "toolbar" });
    bar.append(this.addButton, this.connectButton, this.switch.root);
    return bar;
  }

  foot() {
    this.info = element("div", { class: "info" });
    this.mark = element("span", { class: "mark", "aria-hidden": "true" });
    this.name = element("strong", {});
    this.detail = element("span", { class: "detail" });
    const words = element("p", { class: "words" });
    words.append(this.mark, this.name, this.detail);
    this.renameButton = button("rename", "", () => this.ifSelected((id) => this.graph.rename(id)));
    this.removeButton = button("remove", "", () => this.ifSelected((id) => this.remove(id)));
    this.info.append(words, this.renameButton, this.removeButton);
    this.hint = element("p", { class: "hint" });
    this.notice = element("p", { class: "notice", role: "status" });
    this.live = element("p", { class: "sr-only", role: "status" });
    return [this.info, this.hint, this.notice, this.live];
  }

  show(view, chosen = false) {
    this.view = view;
    if (chosen) remember(view);
    this.switch.set(view);
    const table = view === "table";
    if (table) this.graph.rest();
    this.root.classList.toggle("as-table", table);
    for (const part of [this.graph.root, this.addButton, this.connectButton, this.info]) part.hidden = table;
    this.table.root.hidden = !table;
    if (table) this.table.update();
    else this.graph.update();
    this.describe();
  }

  close() {
    clearTimeout(this.timer);
    this.graph.close();
  }

  // -- from Python

  update() {
    const before = { populations: this.populations, projections: this.projections };
    this.populations = byId(plain(this.model.populations));
    this.projections = byId(plain(this.model.projections));
    for (const [id, { source, target }] of this.projections) {
      if (!this.populations.has(source) || !this.populations.has(target)) this.projections.delete(id);
    }
    const renamed = this.renamed(before);
    this.takeSelection();
    if (this.view === "table") this.table.update(renamed);
    else this.graph.update(renamed);
    if (this.read) this.report(before, renamed);
    this.read = true;
    this.describe();
  }

  takeSelection() {
    const { selected } = this.model;
    if (selected !== this.confirmed) {
      this.confirmed = selected;
      this.choices.splice(0, this.choices.includes(selected) ? this.choices.indexOf(selected) + 1 : Infinity);
      if (!this.choices.length) this.selected = selected;
    }
    if (!this.has(this.selected)) this.selected = this.has(this.confirmed) ? this.confirmed : "";
  }

  // What was renamed may come back under another id: then it is still the same thing, in its old place.
  renamed(before) {
    if (this.asked?.type !== "rename" || this.has(this.asked.id)) return null;
    for (const kind of ["populations", "projections"]) {
      const index = [...before[kind].keys()].indexOf(this.asked.id);
      const id = [...this[kind].keys()][index];
      if (index >= 0 && id !== undefined && !before[kind].has(id)) return { from: this.asked.id, to: id };
    }
    return null;
  }

  // Say what has happened, in the words of what was asked for.
  report(before, renamed) {
    const { asked } = this;
    const populations = difference(before.populations, this.populations);
    const projections = difference(before.projections, this.projections);
    const changed = [populations, projections].some(({ added, removed }) => added.length || removed.length);
    const answer = () => {
      const { id } = asked;
      if (asked.type === "rename") {
        const now = renamed?.to ?? id;
        return this.has(now) && this.nameOf(now) === asked.name && `renamed ${asked.before} to ${asked.name}`;
      }
      if (asked.type === "remove" && !this.has(id)) {
        const more = projections.removed.filter((other) => other !== id).length;
        return more
          ? `removed ${asked.before} and ${counted(more, "projection")}; undo brings them back`
          : `removed ${asked.before}; undo brings it back`;
      }
      if (asked.type === "add_population" && populations.added.length) {
        return `added population ${this.nameOf(populations.added[0])}`;
      }
      if (asked.type === "connect" && projections.added.length) {
        return `added projection ${this.route(projections.added[0])}`;
      }
      if (asked.type === "retarget" && this.matches(asked)) return `projection ${this.route(id)}`;
      return "";
    };
    const said = (asked && answer()) || (changed && `the network has ${this.size()}`);
    if (!said) return;
    this.asked = null;
    this.say(said);
  }

  matches({ id, source, target, receptor }) {
    const now = this.projections.get(id);
    return now && now.source === source && now.target === target && now.receptor === receptor;
  }

  showNotice() {
    const notice = this.model.notice ?? "";
    setText(this.notice, notice);
    if (!notice) return;
    this.asked = null; // refused: what is in force stands
    this.choices = [];
    this.selected = this.has(this.model.selected) ? this.model.selected : "";
    this.hush();
    if (this.view === "table") this.table.update(null, true);
    this.graph.paint();
    this.describe();
  }

  // -- to Python

  ask(message) {
    this.asked = { ...message, before: this.has(message.id) ? this.nameOf(message.id) : "" };
    this.model.send_msg(message);
  }

  select(id) {
    if (id === this.selected) return;
    this.selected = id;
    this.choices.push(id);
    this.model.send_msg({ type: "select", id });
    this.graph.paint();
    if (this.view === "table") this.table.paint();
    this.hush();
    this.describe();
  }

  add(like) {
    const limit = this.limit();
    if (this.populations.size >= limit) this.say(`no more than ${counted(limit, "population")}`);
    else this.ask({ type: "add_population", like: this.populations.has(like) ? like : "" });
  }

  remove(id) {
    this.ask({ type: "remove", id });
  }

  rename(id, name) {
    if (name && name !== this.nameOf(id)) this.ask({ type: "rename", id, name });
  }

  connect(source, target, receptor) {
    this.ask({ type: "connect", source, target, receptor });
  }

  retarget(id, source, target, receptor) {
    this.ask({ type: "retarget", id, source, target, receptor });
  }

  ifSelected(act) {
    if (this.selected) act(this.selected);
    else this.say("select a population or a projection first");
  }

  // -- in words

  has(id) {
    return this.populations.has(id) || this.projections.has(id);
  }

  limit() {
    return (plain(this.model.limits) ?? {}).populations ?? Infinity;
  }

  nameOf(id) {
    return this.populations.get(id)?.label || id;
  }

  size() {
    return `${counted(this.populations.size, "population")} and ${counted(this.projections.size, "projection")}`;
  }

  route(id) {
    const { source, target, receptor } = this.projections.get(id);
    return `${id} from ${this.nameOf(source)} to ${this.nameOf(target)}${receptor ? `, receptor ${receptor}` : ""}`;
  }

  // How a screen reader names a population or a projection.
  spoken(id) {
    const item = this.populations.get(id) ?? this.projections.get(id);
    const words = this.populations.has(id) ? [`population ${this.nameOf(id)}`] : [`projection ${this.route(id)}`];
    if (item.detail) words.push(item.detail);
    if (item.problem) words.push(`problem: ${item.problem}`);
    if (id === this.selected) words.push("selected");
    return words.join(", ");
  }

  // The color of a population, and of all that leaves it.
  color(id) {
    const { color, source } = this.populations.get(id) ?? this.projections.get(id);
    return source === undefined ? `var(--population-${(color ?? 0) % COLORS})` : this.color(source);
  }

  say(text) {
    this.live.textContent = this.live.textContent === text ? `${text}\u00a0` : text; // said again when it happens again
    this.said = text;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.hush();
      this.describe();
    }, SAID_MS);
    this.describe();
  }

  hush() {
    this.said = "";
  }

  // The lines under the graph: what the pointer or the focus is at, or else what is selected.
  describe() {
    const id = this.graph.regarded() || this.selected;
    const item = this.populations.get(id) ?? this.projections.get(id);
    const projection = this.projections.get(id);
    setText(this.name, item ? this.nameOf(id) : "Network");
    const way = projection && `${this.nameOf(projection.source)} → ${this.nameOf(projection.target)}`;
    setText(this.detail, [way, projection ? projection.receptor : item?.detail].filter(Boolean).join(" · "));
    setHidden(this.mark, !item);
    this.mark.classList.toggle("of-projection", Boolean(projection));
    if (item && this.mark.style.getPropertyValue("--c") !== this.color(id)) this.mark.style.setProperty("--c", this.color(id));
    const problem = !this.said && !this.graph.connecting ? item?.problem ?? "" : "";
    this.hint.classList.toggle("bad", Boolean(problem));
    setText(this.hint, this.said || problem || (this.view === "graph" ? this.graph.advice(id) : ""));
    this.showButtons();
  }

  showButtons() {
    const chosen = this.selected ? this.nameOf(this.selected) : "";
    const like = this.populations.has(this.selected) ? ` like ${chosen}` : "";
    const full = this.populations.size >= this.limit();
    enable(this.addButton, !full);
    setAttribute(this.addButton, "title", full ? `No more than ${counted(this.limit(), "population")}` : `Add a population${like}`);
    setAttribute(this.addButton, "aria-label", `Add population${like}`);
    enable(this.connectButton, this.populations.size > 0);
    for (const [part, verb, key] of [[this.renameButton, "Rename", "F2"], [this.removeButton, "Remove", "Delete"]]) {
      enable(part, Boolean(chosen));
      setAttribute(part, "aria-label", chosen ? `${verb} ${chosen}` : `${verb} what is selected`);
      setAttribute(part, "title", chosen ? `${verb} ${chosen} (${key})` : `${verb} what is selected`);
    }
  }
}

// ---------------------------------------------------------------------------------- the graph

class Graph {
  constructor(network) {
    this.network = network;
    this.nodes = new Map();
    this.edges = new Map();
    this.current = ""; // the one that Tab reaches
    this.hovered = "";
    this.focused = ""; // with the keyboard
    this.connecting = null; // {source}: a target is being chosen
    this.drag = null;
    this.width = 0;
    this.root = element("div", { class: "stage" });
    const help = unique("help");
    this.svg = svg("svg", { role: "application", "aria-label": "Network graph", "aria-describedby": help });
    this.edgeLayer = svg("g", {});
    this.nodeLayer = svg("g", {});
    this.preview = svg("path", { class: "preview", "aria-hidden": "true" });
    this.svg.append(this.edgeLayer, this.preview, this.nodeLayer);
    this.empty = element("p", { class: "empty" }, "No population yet. Add one to begin.");
    this.editor = new Editor(this);
    this.menu = new Menu();
    this.root.append(this.svg, this.empty, element("p", { id: help, class: "sr-only" }, HELP), this.editor.root, this.menu.root);
    this.listen();
    this.sizes = new ResizeObserver(([{ contentRect }]) => this.resize(contentRect.width));
    this.sizes.observe(this.root);
  }

  close() {
    this.sizes.disconnect();
    cancelAnimationFrame(this.frame);
    this.menu.close();
  }

  resize(width) {
    if (!width || Math.abs(width - this.width) < 0.5) return;
    this.width = width;
    this.arrange(false);
  }

  // -- lists into nodes and edges

  update(renamed = null) {
    const { populations, projections } = this.network;
    const lost = (this.svg.contains(this.active()) && this.active().dataset.id) || "";
    const order = [...this.nodes.keys()];
    const source = this.edges.get(lost)?.source;
    if (renamed) {
      for (const views of [this.nodes, this.edges]) rekey(views, renamed.from, renamed.to);
      for (const name of ["current", "hovered", "focused"]) if (this[name] === renamed.from) this[name] = renamed.to;
    }
    this.updating = true;
    this.sync(this.edges, this.edgeLayer, projections, EdgeView);
    this.sync(this.nodes, this.nodeLayer, populations, NodeView);
    this.updating = false;
    if (!this.network.has(this.hovered)) this.hovered = "";
    if (!this.network.has(this.focused)) this.focused = "";
    if (this.connecting && this.connecting.source && !this.nodes.has(this.connecting.source)) this.stopConnecting();
    if (!this.has(this.current)) this.current = populations.keys().next().value ?? "";
    setHidden(this.empty, populations.size > 0);
    const shape = JSON.stringify([
      [...populations.values()].map(({ id, label, detail }) => [id, label, detail]),
      [...projections.values()].map(({ id, source, target, sign }) => [id, source, target, sign]),
    ]);
    if (shape !== this.shape) {
      const moved = this.shape !== undefined;
      this.shape = shape;
      this.arrange(moved);
    }
    this.paint();
    const followed = renamed && renamed.from === lost ? renamed.to : lost;
    if (followed && !this.has(followed)) this.inherit(source, order.indexOf(lost));
  }

  sync(views, layer, items, View) {
    for (const [id, view] of views) {
      if (items.has(id)) continue;
      view.root.remove();
      views.delete(id);
    }
    let index = 0;
    for (const item of items.values()) {
      if (!views.has(item.id)) views.set(item.id, new View());
      const view = views.get(item.id);
      view.update(item, this.network);
      place(layer, view.root, index++);
    }
    sortLike(views, items);
  }

  // Focus that has lost its place goes to the nearest one.
  inherit(source, index) {
    const nodes = [...this.nodes.keys()];
    const heir = this.nodes.has(source) ? source : nodes[Math.min(Math.max(index, 0), nodes.length - 1)];
    if (heir) this.focus(heir);
    else this.network.addButton.focus();
  }

  has(id) {
    return this.nodes.has(id) || this.edges.has(id);
  }

  view(id) {
    return this.nodes.get(id) ?? this.edges.get(id);
  }

  active() {
    return this.root.getRootNode().activeElement;
  }

  // -- places

  arrange(smoothly) {
    if (!this.width) return;
    const loops = [...this.edges.values()].some((edge) => edge.source === edge.target);
    const plan = arrangement(this.nodes.size, this.width, loops);
    this.plan = plan;
    setAttribute(this.svg, "viewBox", `0 0 ${round(this.width)} ${plan.height}`);
    setAttribute(this.svg, "height", String(plan.height));
    this.root.classList.toggle("dense", this.edges.size > 16);
    let index = 0;
    for (const node of this.nodes.values()) {
      node.shape(plan);
      node.goal = plan.places[index++];
    }
    for (const edge of this.edges.values()) edge.dense = this.edges.size > 16;
    this.bundle();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (smoothly && !still) this.move();
    else this.settle();
  }

  // Which projections share their way: they are fanned out.
  bundle() {
    const bundles = new Map();
    for (const edge of this.edges.values()) {
      const key = JSON.stringify([edge.source, edge.target]);
      if (!bundles.has(key)) bundles.set(key, []);
      bundles.get(key).push(edge);
    }
    for (const members of bundles.values()) {
      members.forEach((edge, rank) => Object.assign(edge, { rank, of: members.length }));
    }
  }

  move() {
    cancelAnimationFrame(this.frame);
    const from = new Map([...this.nodes].map(([id, { at, goal }]) => [id, at ?? goal]));
    const begin = performance.now();
    const step = (now) => {
      const share = Math.min(1, Math.max(0, (now - begin) / MOVE_MS));
      const eased = 1 - (1 - share) ** 3;
      for (const [id, node] of this.nodes) {
        const start = from.get(id) ?? node.goal;
        node.put({ ...node.goal, x: mix(start.x, node.goal.x, eased), y: mix(start.y, node.goal.y, eased) }, this.plan.radius);
      }
      this.draw();
      if (share < 1) this.frame = requestAnimationFrame(step);
    };
    step(begin);
  }

  settle() {
    cancelAnimationFrame(this.frame);
    for (const node of this.nodes.values()) node.put(node.goal, this.plan.radius);
    this.draw();
  }

  draw() {
    for (const edge of this.edges.values()) {
      const [a, b] = [this.nodes.get(edge.source), this.nodes.get(edge.target)];
      edge.draw(this.curve(a, b, edge.rank, edge.of), this.plan.radius);
    }
    if (this.editor.id) this.editor.put();
  }

  curve(a, b, rank = 0, of = 1) {
    if (a === b) return loop(a.at, this.plan, rank, of);
    return bow(a.at, b.at, this.plan, rank, of);
  }

  // The way that one more projection between the two would take.
  next(source, target) {
    const rank = [...this.edges.values()].filter((edge) => edge.source === source && edge.target === target).length;
    return this.curve(this.nodes.get(source), this.nodes.get(target), rank, rank + 1);
  }

  middle(id) {
    return this.nodes.get(id)?.at ?? this.edges.get(id).middle;
  }

  // -- emphasis

  // What the pointer or the keyboard is at.
  regarded() {
    return this.hovered || this.focused;
  }

  paint() {
    if (this.root.hidden) return;
    const { selected } = this.network;
    const lit = this.regarded() || selected;
    const busy = this.connecting ?? (this.drag?.moving ? this.drag : null);
    for (const [id, edge] of this.edges) {
      const strong = id === lit || edge.source === lit || edge.target === lit;
      toggle(edge.root, { strong: lit && strong, faint: lit && !strong, selected: id === selected });
    }
    for (const [id, node] of this.nodes) {
      toggle(node.root, { lit: id === lit, selected: id === selected, aim: busy && id === busy.target, origin: busy?.source === id });
    }
    for (const [id, view] of [...this.nodes, ...this.edges]) {
      setAttribute(view.root, "aria-label", this.network.spoken(id));
      setAttribute(view.root, "tabindex", id === this.current ? "0" : "-1");
    }
    setAttribute(this.network.connectButton, "aria-pressed", String(Boolean(this.connecting)));
    this.root.classList.toggle("connecting", Boolean(busy));
    if (busy?.source && !this.nodes.has(busy.source)) return;
    const a = busy && this.nodes.get(busy.source);
    if (!a) setAttribute(this.preview, "d", "");
    else if (this.nodes.has(busy.target)) this.showPreview(this.next(busy.source, busy.target));
    else if (busy.at) this.showPreview(straight(a.at, busy.at));
    else setAttribute(this.preview, "d", "");
    if (a) this.preview.style.setProperty("--c", this.network.color(busy.source));
  }

  showPreview(curve) {
    const { radius } = this.plan;
    const end = curve.open ? 0 : radius + 2;
    setAttribute(this.preview, "d", drawn(trimmed(curve, radius, end)));
  }

  // The second line: what can be done now, or else more about what is regarded.
  advice(id) {
    const { network } = this;
    if (this.connecting) {
      return this.connecting.source
        ? `From ${network.nameOf(this.connecting.source)}: choose the target · Esc cancels`
        : "Choose the source · Esc cancels";
    }
    if (this.drag?.moving) {
      const { source, target } = this.drag;
      return this.nodes.has(target)
        ? `Release to connect ${network.nameOf(source)} to ${target === source ? "itself" : network.nameOf(target)}`
        : "Release on a population to connect";
    }
    if (this.edges.has(id)) return network.projections.get(id).detail ?? "";
    if (id && id === this.focused) return "↓ projections · C connect · F2 rename · Del remove";
    return this.nodes.has(id) ? "Drag to a population or itself to connect" : network.size();
  }

  // -- pointer

  listen() {
    const { svg: pane } = this;
    pane.addEventListener("pointerdown", (event) => this.press(event));
    pane.addEventListener("pointermove", (event) => this.wander(event));
    pane.addEventListener("pointerup", (event) => this.release(event));
    pane.addEventListener("pointercancel", () => this.stopDrag());
    // A finger that draws must not scroll, even where the browser overlooks `touch-action` inside of an SVG.
    pane.addEventListener("touchmove", (event) => this.drag && event.preventDefault(), { passive: false });
    pane.addEventListener("pointerleave", () => !this.drag?.moving && this.hover(""));
    pane.addEventListener("click", (event) => this.click(event));
    pane.addEventListener("dblclick", (event) => this.double(event));
    pane.addEventListener("keydown", (event) => this.key(event));
    // Not on the drawing itself: with these it would take the focus.
    this.root.addEventListener("focusin", ({ target }) => {
      this.focused = target.matches(":focus-visible") ? target.dataset.id ?? "" : "";
      if (target.dataset.id) this.current = target.dataset.id;
      if (this.connecting && this.nodes.has(this.current)) this.connecting.target = this.current;
      this.refresh();
    });
    this.root.addEventListener("focusout", () => {
      this.focused = "";
      this.refresh();
    });
  }

  // Out of sight: nothing is regarded, and nothing is under way.
  rest() {
    this.stopConnecting();
    this.menu.close();
    this.hovered = this.focused = "";
  }

  refresh() {
    if (this.updating) return; // what loses the focus now is on its way out
    this.paint();
    this.network.describe();
  }

  at({ clientX, clientY }) {
    const box = this.svg.getBoundingClientRect();
    return { x: clientX - box.left, y: clientY - box.top };
  }

  nodeNear(point) {
    const reach = Math.max(this.plan.radius + 6, 22);
    return nearest(this.nodes, ({ at }) => distance(at, point), reach);
  }

  // Where hit areas overlap, the nearest line is meant; one that stands out before a faint one.
  idAt(event) {
    const target = event.target.closest?.("[data-id]")?.dataset.id ?? "";
    if (!this.edges.has(target)) return target;
    const point = this.at(event);
    return nearest(this.edges, (edge) => edge.distance(point) + (edge.root.classList.contains("faint") ? 3 : 0), 9) || target;
  }

  hover(id) {
    if (id === this.hovered) return;
    this.hovered = id;
    this.network.hush();
    this.refresh();
  }

  press(event) {
    const { id } = event.target.closest("[data-id]")?.dataset ?? {};
    this.dragged = false;
    if (event.button !== 0 || !this.nodes.has(id) || this.connecting) return;
    this.menu.close();
    this.drag = { source: id, from: this.at(event), pointer: event.pointerId };
  }

  wander(event) {
    const { drag } = this;
    const point = this.at(event);
    if (!drag) {
      const id = event.pointerType === "mouse" ? this.idAt(event) : "";
      if (this.connecting && this.nodes.has(id)) this.connecting.target = id;
      this.hover(id);
      return;
    }
    if (event.pointerId !== drag.pointer) return;
    if (!drag.moving) {
      if (distance(point, drag.from) < DRAG_FROM) return;
      drag.moving = true;
      this.hovered = "";
      this.network.hush();
      this.svg.setPointerCapture(event.pointerId);
    }
    drag.at = point;
    const near = this.nodeNear(point);
    if (near !== drag.source) drag.left = true; // coming back means: onto itself
    drag.target = near === drag.source && !drag.left ? "" : near;
    this.refresh();
  }

  release(event) {
    const { drag } = this;
    if (!drag || event.pointerId !== drag.pointer) return;
    this.dragged = Boolean(drag.moving);
    this.stopDrag();
    if (drag.moving && this.nodes.has(drag.source) && this.nodes.has(drag.target)) this.join(drag.source, drag.target);
  }

  stopDrag() {
    this.drag = null;
    this.refresh();
  }

  click(event) {
    if (this.dragged) {
      this.dragged = false; // the end of a drag is no click
      return;
    }
    const id = this.idAt(event);
    if (this.connecting) {
      if (this.nodes.has(id)) this.choose(id);
      else this.stopConnecting();
      return;
    }
    if (id) this.current = id;
    this.network.select(id);
    this.paint();
  }

  double(event) {
    const id = this.idAt(event);
    if (id && !this.connecting) this.rename(id);
  }

  // -- keyboard

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { current: id, network } = this;
    const actions = {
      ArrowRight: () => this.focus(this.beside(id, 1)),
      ArrowLeft: () => this.focus(this.beside(id, -1)),
      ArrowDown: () => this.focus(this.along(id, 1)),
      ArrowUp: () => this.focus(this.along(id, -1)),
      Home: () => this.focus([...this.nodes.keys()][0]),
      End: () => this.focus([...this.nodes.keys()].at(-1)),
      Enter: () => (this.connecting ? this.choose(id) : network.select(id)),
      " ": () => actions.Enter(),
      Delete: () => network.remove(id),
      Backspace: () => network.remove(id),
      F2: () => this.rename(id),
      c: () => this.startConnecting(this.nodes.has(id) ? id : this.edges.get(id)?.source),
      C: () => actions.c(),
      Escape: () => this.escape(),
    };
    if (!(event.key in actions) || (!this.has(id) && event.key !== "Escape")) return;
    if (this.connecting && ["Delete", "Backspace", "F2", "c", "C"].includes(event.key)) return;
    event.preventDefault();
    this.hovered = ""; // the keyboard leads now, wherever the pointer was left
    if (event.key !== "Escape") network.hush();
    actions[event.key]();
    network.describe();
  }

  // Left and right: among the populations; from a projection to either of its ends.
  beside(id, step) {
    const edge = this.edges.get(id);
    if (edge) return step > 0 ? edge.target : edge.source;
    return around([...this.nodes.keys()], id, step);
  }

  // Down and up: through a population and the projections that leave it.
  along(id, step) {
    if (this.connecting) return this.beside(id, step);
    const home = this.edges.get(id)?.source ?? id;
    const leaving = [...this.edges].filter(([, edge]) => edge.source === home).map(([key]) => key);
    return around([home, ...leaving], id, step);
  }

  focus(id) {
    if (!this.has(id)) return;
    this.current = id;
    this.view(id).root.focus();
    if (this.active() === this.view(id).root) this.paint();
  }

  escape() {
    if (this.drag?.moving) {
      this.stopDrag();
      this.dragged = true;
    } else if (this.connecting) this.stopConnecting(true);
    else this.network.select("");
  }

  // -- connecting, renaming

  toggleConnecting() {
    if (this.connecting) {
      this.stopConnecting();
      return;
    }
    const { selected, populations } = this.network;
    if (!populations.size) return;
    this.startConnecting(populations.has(selected) ? selected : "");
  }

  startConnecting(source) {
    this.connecting = { source, target: "" };
    this.network.say(
      source
        ? `connecting from ${this.network.nameOf(source)}: choose the target with the arrow keys and Enter`
        : "connecting: choose the source with the arrow keys and Enter",
    );
    this.network.hush();
    this.focus(source || (this.nodes.has(this.current) ? this.current : this.nodes.keys().next().value));
    this.refresh();
  }

  stopConnecting(aloud = false) {
    const { connecting } = this;
    if (!connecting) return;
    this.connecting = null;
    if (aloud) {
      this.network.say("connecting cancelled");
      this.focus(connecting.source || this.current);
    }
    this.refresh();
  }

  choose(id) {
    if (!this.nodes.has(id)) return;
    const { source } = this.connecting;
    if (!source) {
      this.startConnecting(id);
      return;
    }
    this.stopConnecting();
    this.join(source, id);
  }

  // Connect, once it is known to which receptor.
  join(source, target) {
    const { network } = this;
    const receptors = network.populations.get(target).receptors ?? [];
    this.focus(source);
    if (receptors.length < 2) {
      network.connect(source, target, receptors[0] ?? "");
      return;
    }
    const title = `Receptor of ${network.nameOf(target)}`;
    this.menu.open(title, receptors, this.nodes.get(target), {
      chosen: (receptor) => network.connect(source, target, receptor),
      closed: () => this.focus(source),
    });
  }

  rename(id) {
    this.editor.open(id);
  }
}

// ----------------------------------------------------------------------------- nodes and edges

class NodeView {
  constructor() {
    this.root = svg("g", { class: "node", role: "button" });
    this.body = svg("circle", { class: "body" });
    this.ring = svg("circle", { class: "ring" });
    this.hit = svg("circle", { class: "hit" });
    this.label = svg("text", { class: "label" });
    this.caption = svg("text", { class: "caption" });
    this.badge = svg("g", { class: "badge" });
    const exclamation = svg("text", { y: "3.6" });
    exclamation.textContent = "!";
    this.badge.append(svg("circle", { r: "6.5" }), exclamation);
    this.root.append(this.hit, this.ring, this.body, this.label, this.caption, this.badge);
  }

  update(item, network) {
    this.item = item;
    setAttribute(this.root, "data-id", item.id);
    paintWith(this.root, network.color(item.id));
    this.root.classList.toggle("bad", Boolean(item.problem));
  }

  shape({ radius, room }) {
    setAttribute(this.body, "r", String(radius));
    setAttribute(this.ring, "r", String(radius + 4.5));
    setAttribute(this.hit, "r", String(Math.max(radius + 5, 22)));
    const { text, size } = fitted(this.item.label || this.item.id, 2 * radius - 9);
    setText(this.label, text);
    setAttribute(this.label, "font-size", String(size));
    setAttribute(this.label, "y", String(round(size * 0.35)));
    setText(this.caption, room ? clipped(this.item.detail ?? "", room / 5.7) : "");
    setAttribute(this.badge, "transform", `translate(${round(radius * 0.76)} ${round(-radius * 0.76)})`);
  }

  put(at, radius) {
    this.at = at;
    setAttribute(this.caption, "y", String(at.above ? -radius - 8 : radius + 15));
    setAttribute(this.root, "transform", `translate(${round(at.x)} ${round(at.y)})`);
  }
}

class EdgeView {
  constructor() {
    this.root = svg("g", { class: "edge", role: "button" });
    this.parts = ["halo", "gap", "hit", "line"].map((name) => svg("path", { class: name }));
    this.head = svg("path", {});
    this.root.append(...this.parts, this.head);
  }

  update(item, network) {
    this.source = item.source;
    this.target = item.target;
    this.sign = item.sign ?? 0;
    setAttribute(this.root, "data-id", item.id);
    paintWith(this.root, network.color(item.id));
    this.root.classList.toggle("bad", Boolean(item.problem));
  }

  draw(curve, radius) {
    const [kind, outline, length] = head(this.sign, this.dense ? 0.72 : 1);
    const tip = radius + (kind === "bar" ? 4 : 2.5);
    const [start, end] = [at(curve, exit(curve, tip)), at(curve, exit(curve, tip + length))];
    const line = trimmed(curve, radius + 1, tip + length * (kind === "arrow" ? 0.8 : 0.5));
    const d = drawn(line);
    for (const part of this.parts) setAttribute(part, "d", d);
    setAttribute(this.head, "class", `head ${kind}`);
    setAttribute(this.head, "d", outline);
    const turn = (Math.atan2(start.y - end.y, start.x - end.x) * 180) / Math.PI;
    setAttribute(this.head, "transform", `translate(${round(start.x)} ${round(start.y)}) rotate(${round(turn)})`);
    this.middle = at(line, 0.5);
    this.points = null;
    this.line = line;
  }

  distance(point) {
    this.points ??= Array.from({ length: 33 }, (_, i) => at(this.line, i / 32));
    return Math.min(...this.points.slice(1).map((end, i) => toSegment(point, this.points[i], end)));
  }
}

// -------------------------------------------------------------------------------- the geometry
//
// A curve is four points of a cubic Bézier from centre to centre; it is cut where it meets the circles.

// Where the circles stand: in the middle, side by side, in a triangle, in a square, on an ellipse.
function arrangement(count, width, loops) {
  const radius = [26, 26, 26, 23, 21, 19, 19, 17][Math.max(count - 1, 0)] ?? 16;
  const height = count < 3 ? 148 : count < 4 ? 172 : count < 7 ? 188 : 208;
  const reach = loops ? Math.round(radius * (count < 5 ? 1.05 : 1)) : 0;
  const middle = width / 2;
  const caption = 16;
  const plan = { radius, height, reach, room: 0, places: [] };
  if (count < 3) {
    const y = (height + reach - caption) / 2;
    const apart = Math.min(width * 0.48, 210);
    plan.room = count < 2 ? width * 0.8 : apart - 14;
    plan.places =
      count < 2
        ? [{ x: middle, y, out: -90 }]
        : [{ x: middle - apart / 2, y, out: -118 }, { x: middle + apart / 2, y, out: -62 }];
  } else if (count === 3) {
    const rx = Math.min(middle - radius - reach - 8, 130);
    const [top, bottom] = [6 + reach + radius, height - radius - caption - 6];
    plan.room = rx - 6;
    plan.places = [
      { x: middle, y: top, out: -90 },
      { x: middle + rx, y: bottom, out: -12 },
      { x: middle - rx, y: bottom, out: 192 },
    ];
  } else if (count === 4) {
    const rx = Math.min(width * 0.25, 120);
    const [top, bottom] = [radius + caption + 6, height - radius - caption - 6];
    plan.room = 2 * rx - 20;
    plan.places = [
      { x: middle - rx, y: top, out: 190, above: true },
      { x: middle + rx, y: top, out: -10, above: true },
      { x: middle + rx, y: bottom, out: 10 },
      { x: middle - rx, y: bottom, out: 170 },
    ];
  } else {
    const rx = Math.min(middle - radius - reach - 6, 1.5 * height);
    const ry = height / 2 - radius - reach - 4;
    const { places, spacing } = ellipse(count, rx, ry);
    const y = height / 2;
    if (spacing > 100 && !loops) plan.room = spacing - 24;
    plan.places = places.map((place) => ({ x: middle + place.x, y: y + place.y, out: place.out }));
  }
  return plan;
}

// Points at the same distance along an ellipse, clockwise from its top.
function ellipse(count, rx, ry) {
  const STEPS = 720;
  const angle = (step) => (step / STEPS) * 2 * Math.PI - Math.PI / 2;
  const point = (step) => ({ x: rx * Math.cos(angle(step)), y: ry * Math.sin(angle(step)) });
  const lengths = [0];
  for (let step = 1; step <= STEPS; step += 1) {
    lengths.push(lengths[step - 1] + distance(point(step - 1), point(step)));
  }
  const spacing = lengths[STEPS] / count;
  const shift = count % 2 ? 0 : -0.5;
  const places = Array.from({ length: count }, (_, index) => {
    const wanted = (((index + shift + count) % count) / count) * lengths[STEPS];
    const step = lengths.findIndex((length) => length >= wanted);
    const { x, y } = point(step);
    return { x, y, out: (Math.atan2(y / ry ** 2, x / rx ** 2) * 180) / Math.PI };
  });
  return { places, spacing };
}

// From one circle to another, bent to its left, so that the way back is another line.
function bow(a, b, { radius, places }, rank, of) {
  const length = distance(a, b) || 1;
  const crowded = places.length > 4;
  const first = places.length > 2 ? Math.min(10, length * 0.07) : Math.min(15, length * 0.1);
  const step = Math.min(crowded ? 7 : 11, 34 / Math.max(of - 1, 1));
  const bend = ((first + step * rank) * 4) / 3;
  const normal = { x: ((b.y - a.y) / length) * bend, y: (-(b.x - a.x) / length) * bend };
  const lean = Math.max(0.25, Math.min(0.4, (radius + 12) / length));
  return [
    a,
    { x: mix(a.x, b.x, lean) + normal.x, y: mix(a.y, b.y, lean) + normal.y },
    { x: mix(b.x, a.x, lean) + normal.x, y: mix(b.y, a.y, lean) + normal.y },
    b,
  ];
}

// From a circle to itself: a drop that points outward; several open like petals.
function loop(a, { radius, reach }, rank, of) {
  const apart = of > 1 ? Math.min(0.95, 3.6 / of) : 0;
  const half = of > 1 ? apart * 0.44 : 0.5;
  const out = (a.out * Math.PI) / 180 + (rank - (of - 1) / 2) * apart;
  const arm = (radius + (reach || radius)) / (0.75 * Math.cos(half));
  const tip = (angle) => ({ x: a.x + arm * Math.cos(angle), y: a.y + arm * Math.sin(angle) });
  return [a, tip(out - half), tip(out + half), a];
}

function straight(a, b) {
  const curve = [a, between(a, b, 1 / 3), between(a, b, 2 / 3), b];
  curve.open = true; // ends in the open, not at a circle
  return curve;
}

function at([a, b, c, d], t) {
  const [u, v] = [1 - t, t];
  const [p, q, r, s] = [u * u * u, 3 * u * u * v, 3 * u * v * v, v * v * v];
  return { x: p * a.x + q * b.x + r * c.x + s * d.x, y: p * a.y + q * b.y + r * c.y + s * d.y };
}

// The parameter at which a curve is this far from where it begins, or from where it ends.
function entry(curve, radius) {
  return crossing(curve, curve[0], radius, 0);
}

function exit(curve, radius) {
  return crossing(curve, curve[3], radius, 1);
}

function crossing(curve, centre, radius, inside) {
  let [near, far] = [inside, 0.5];
  for (let i = 0; i < 24; i += 1) {
    const t = (near + far) / 2;
    if (distance(at(curve, t), centre) < radius) near = t;
    else far = t;
  }
  return far;
}

function trimmed(curve, startGap, endGap) {
  const [from, to] = [entry(curve, startGap), endGap ? exit(curve, endGap) : 1];
  const [, second] = split(curve, from);
  return split(second, from < 1 ? (to - from) / (1 - from) : 1)[0];
}

function split([a, b, c, d], t) {
  const [ab, bc, cd] = [between(a, b, t), between(b, c, t), between(c, d, t)];
  const [abc, bcd] = [between(ab, bc, t), between(bc, cd, t)];
  const middle = between(abc, bcd, t);
  return [[a, ab, abc, middle], [middle, bcd, cd, d]];
}

const drawn = ([a, b, c, d]) =>
  `M${round(a.x)} ${round(a.y)}C${round(b.x)} ${round(b.y)} ${round(c.x)} ${round(c.y)} ${round(d.x)} ${round(d.y)}`;

// The end of a projection, its tip at the origin: an arrow excites, a bar inhibits, a dot may do either.
function head(sign, scale) {
  const [length, half, dot] = [9 * scale, 4.5 * scale, 3.6 * scale];
  if (sign > 0) return ["arrow", `M0 0L${-length} ${-half}L${round(-length * 0.76)} 0L${-length} ${half}Z`, length];
  if (sign < 0) return ["bar", `M0 ${round(-6.5 * scale)}V${round(6.5 * scale)}`, 3 * scale];
  return ["dot", `M${-2 * dot} 0a${dot} ${dot} 0 1 0 ${2 * dot} 0a${dot} ${dot} 0 1 0 ${-2 * dot} 0Z`, 2 * dot];
}

const mix = (a, b, share) => a + (b - a) * share;
const between = (a, b, share) => ({ x: mix(a.x, b.x, share), y: mix(a.y, b.y, share) });
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
const round = (value) => Math.round(value * 10) / 10;

function toSegment(point, a, b) {
  const square = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
  const share = square ? ((point.x - a.x) * (b.x - a.x) + (point.y - a.y) * (b.y - a.y)) / square : 0;
  return distance(point, between(a, b, Math.min(1, Math.max(0, share))));
}

function nearest(views, measure, reach) {
  let [found, least] = ["", reach];
  for (const [id, view] of views) {
    const far = measure(view);
    if (far < least) [found, least] = [id, far];
  }
  return found;
}

// ------------------------------------------------------------------------ the field for a name

class Editor {
  constructor(graph) {
    this.graph = graph;
    this.root = element("input", { type: "text", class: "editor", autocomplete: "off", spellcheck: "false" });
    this.root.hidden = true;
    this.root.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.close(true, true);
      else if (event.key === "Escape") this.close(false, true);
    });
    this.root.addEventListener("blur", () => this.close(true, false));
  }

  open(id) {
    const { network } = this.graph;
    this.id = id;
    this.root.hidden = false;
    this.root.value = network.nameOf(id);
    const kind = network.populations.has(id) ? "population" : "projection";
    this.root.setAttribute("aria-label", `Name of ${kind} ${network.nameOf(id)}`);
    this.put();
    this.root.focus();
    this.root.select();
  }

  put() {
    if (!this.graph.has(this.id)) {
      this.close(false, false);
      return;
    }
    const { x, y } = this.graph.middle(this.id);
    const half = this.root.offsetWidth / 2;
    this.root.style.left = `${clamp(x - half, 4, this.graph.width - 2 * half - 4)}px`;
    this.root.style.top = `${y - this.root.offsetHeight / 2}px`;
  }

  close(keep, back) {
    const { id } = this;
    if (!id) return;
    this.id = "";
    const name = this.root.value.trim();
    if (back) this.graph.focus(id);
    this.root.hidden = true;
    if (keep && this.graph.has(id)) this.graph.network.rename(id, name);
  }
}

// ---------------------------------------------------------------------- the menu of receptors

class Menu {
  constructor() {
    this.root = element("div", { class: "menu" });
    this.title = element("p", { class: "menu-title", id: unique("menu") });
    this.list = element("div", { role: "menu", "aria-labelledby": this.title.id });
    this.root.append(this.title, this.list);
    this.root.hidden = true;
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("focusout", ({ relatedTarget }) => {
      if (this.isOpen && document.hasFocus() && !this.root.contains(relatedTarget)) this.close();
    });
  }

  open(title, choices, node, { chosen, closed }) {
    this.closed = closed;
    this.isOpen = true;
    setText(this.title, title);
    this.list.replaceChildren(
      ...choices.map((choice) => {
        const item = element("button", { type: "button", role: "menuitem", tabindex: "-1" }, choice);
        item.addEventListener("click", () => {
          this.close(true);
          chosen(choice);
        });
        return item;
      }),
    );
    this.root.hidden = false;
    if (this.root.showPopover && !this.root.popover) this.root.popover = "manual"; // above all that clips
    this.root.showPopover?.();
    const box = node.body.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.root;
    this.root.style.left = `${clamp(box.left + box.width / 2 - width / 2, 8, window.innerWidth - width - 8)}px`;
    const below = box.bottom + 6 + height <= window.innerHeight;
    this.root.style.top = `${below ? box.bottom + 6 : Math.max(8, box.top - height - 6)}px`;
    window.addEventListener("scroll", this.away, { capture: true, passive: true });
    this.list.firstElementChild.focus({ preventScroll: true });
  }

  away = () => this.close(true); // its population has moved

  key(event) {
    const items = [...this.list.children];
    const here = items.indexOf(event.target);
    const actions = {
      ArrowDown: () => items[(here + 1) % items.length].focus(),
      ArrowUp: () => items[(here - 1 + items.length) % items.length].focus(),
      Home: () => items[0].focus(),
      End: () => items.at(-1).focus(),
      Escape: () => this.close(true),
      Tab: () => this.close(true),
    };
    if (!(event.key in actions)) return;
    event.preventDefault();
    event.stopPropagation();
    actions[event.key]();
  }

  close(back = false) {
    if (!this.isOpen) return;
    this.isOpen = false;
    window.removeEventListener("scroll", this.away, { capture: true });
    if (back) this.closed();
    this.root.hidden = true;
    if (this.root.popover) this.root.hidePopover?.();
  }
}

// ---------------------------------------------------------------------------------- the table

class Table {
  constructor(network) {
    this.network = network;
    this.root = element("div", { class: "tables" });
    this.populations = sheet("Populations", "populations", ["", "Name", "Detail", "Remove"]);
    this.projections = sheet("Projections", "projections", ["", "Name", "From", "To", "Receptor", "Detail", "Remove"]);
    this.rows = { populations: new Map(), projections: new Map() };
    this.newPopulation = new NewPopulation(network);
    this.newProjection = new NewProjection(network);
    this.populations.foot.append(this.newPopulation.root);
    this.projections.foot.append(this.newProjection.root);
    this.root.append(this.populations.root, this.projections.root);
  }

  update(renamed = null, anew = false) {
    const { network } = this;
    const lost = this.root.contains(this.active()) ? this.active() : null;
    const row = lost?.closest("[data-id]");
    const index = row ? [...row.parentNode.children].indexOf(row) : 0;
    const body = row?.parentNode;
    this.sync("populations", PopulationRow, renamed, anew);
    this.sync("projections", ProjectionRow, renamed, anew);
    this.newPopulation.update();
    this.newProjection.update();
    setHidden(this.projections.root, !network.populations.size);
    if (lost && !lost.isConnected) {
      const heir = body.children[Math.min(index, body.children.length - 1)] ?? body.nextElementSibling;
      (heir.querySelector(`[data-part="${lost.dataset.part}"]`) ?? heir.querySelector("select, button"))?.focus();
    }
  }

  sync(kind, Row, renamed, anew) {
    const items = this.network[kind];
    const rows = this.rows[kind];
    if (renamed) rekey(rows, renamed.from, renamed.to);
    for (const [id, row] of rows) {
      if (items.has(id)) continue;
      row.root.remove();
      rows.delete(id);
    }
    let index = 0;
    for (const item of items.values()) {
      if (!rows.has(item.id)) rows.set(item.id, new Row(this.network));
      rows.get(item.id).update(item, anew);
      place(this[kind].body, rows.get(item.id).root, index++);
    }
  }

  paint() {
    for (const rows of Object.values(this.rows)) for (const row of rows.values()) row.paint();
  }

  active() {
    return this.root.getRootNode().activeElement;
  }
}

function sheet(title, kind, columns) {
  const root = element("section", { class: `sheet ${kind}` });
  const heading = element("h2", { id: unique("sheet") }, title);
  const grid = element("div", { role: "table", "aria-labelledby": heading.id });
  const body = element("div", { role: "rowgroup" });
  const foot = element("div", { role: "rowgroup" });
  const head = element("div", { role: "row", class: "line columns" });
  for (const column of columns) {
    const cell = element("span", { role: "columnheader", class: `cell ${column ? column.toLowerCase() : "pick"}` });
    cell.append(element("span", column && column !== "Remove" ? {} : { class: "sr-only" }, column || "Select"));
    head.append(cell);
  }
  const top = element("div", { role: "rowgroup" });
  top.append(head);
  grid.append(top, body, foot);
  root.append(heading, grid);
  return { root, body, foot };
}

class TableRow {
  constructor(network) {
    this.network = network;
    this.root = element("div", { role: "row", class: "line" });
    this.pick = element("button", { type: "button", class: "pick-button", "data-part": "pick" });
    this.mark = element("span", { class: "mark", "aria-hidden": "true" });
    this.pick.append(this.mark);
    this.name = element("input", { type: "text", autocomplete: "off", spellcheck: "false", "data-part": "name" });
    this.detail = element("span", { class: "words" });
    this.problem = element("span", { class: "problem" });
    this.removal = button("remove", "", () => network.remove(this.id));
    this.removal.dataset.part = "remove";
    this.pick.addEventListener("click", () => network.select(this.id));
    this.root.addEventListener("click", ({ target }) => {
      if (!target.closest("button, input, select")) network.select(this.id);
    });
    this.name.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.commit();
      else if (event.key === "Escape") this.name.value = this.shown;
    });
    this.name.addEventListener("blur", () => this.commit());
  }

  fill(...cells) {
    const detail = cell("detail", this.detail);
    detail.append(this.problem);
    this.root.append(cell("pick", this.pick), cell("name", this.name), ...cells, detail, cell("remove", this.removal));
  }

  update(item, anew, kind) {
    this.id = item.id;
    setAttribute(this.root, "data-id", item.id);
    const name = this.network.nameOf(item.id);
    const typing = this.name.value !== this.shown && this.name.matches(":focus");
    if (anew || !typing) {
      if (this.name.value !== name) this.name.value = name;
      this.shown = name;
    }
    setAttribute(this.name, "aria-label", `Name of ${kind} ${name}`);
    setAttribute(this.removal, "aria-label", `Remove ${kind} ${name}`);
    setAttribute(this.removal, "title", `Remove ${name}`);
    setText(this.detail, item.detail);
    setText(this.problem, item.problem);
    this.root.classList.toggle("bad", Boolean(item.problem));
    paintWith(this.root, this.network.color(item.id));
    this.paint();
  }

  commit() {
    const name = this.name.value.trim();
    if (name === this.shown) return;
    if (!name) {
      this.name.value = this.shown;
      return;
    }
    this.shown = this.name.value = name; // sent once; the answer says what it is called
    this.network.rename(this.id, name);
  }

  paint() {
    const selected = this.id === this.network.selected;
    this.root.classList.toggle("selected", selected);
    setAttribute(this.pick, "aria-pressed", String(selected));
    setAttribute(this.pick, "aria-label", `Select ${this.network.nameOf(this.id)}`);
  }
}

class PopulationRow extends TableRow {
  constructor(network) {
    super(network);
    this.fill();
  }

  update(item, anew) {
    super.update(item, anew, "population");
  }
}

class ProjectionRow extends TableRow {
  constructor(network) {
    super(network);
    this.mark.classList.add("of-projection");
    this.ways = new Ways(network, (way) => network.retarget(this.id, ...way));
    this.fill(...this.ways.cells);
  }

  update(item, anew) {
    super.update(item, anew, "projection");
    this.ways.show(item, `of projection ${item.id}`);
  }
}

// Where a projection goes: three lists to choose from. The receptors are those of the target.
class Ways {
  constructor(network, changed) {
    this.network = network;
    const names = ["from", "to", "receptor"];
    [this.source, this.target, this.receptor] = names.map((part) => element("select", { "data-part": part }));
    this.cells = [this.source, this.target, this.receptor].map((select, i) => cell(names[i], select));
    for (const select of [this.source, this.target]) {
      select.addEventListener("change", () => {
        this.showReceptors(this.receptor.value);
        changed?.(this.values());
      });
    }
    this.receptor.addEventListener("change", () => changed?.(this.values()));
  }

  values() {
    return [this.source.value, this.target.value, this.receptor.value];
  }

  show({ source, target, receptor }, words) {
    const all = [...this.network.populations.values()].map(({ id }) => [id, this.network.nameOf(id)]);
    options(this.source, all, source);
    options(this.target, all, target);
    this.showReceptors(receptor);
    for (const [select, part] of [[this.source, "Source"], [this.target, "Target"], [this.receptor, "Receptor"]]) {
      setAttribute(select, "aria-label", `${part} ${words}`);
    }
  }

  showReceptors(receptor) {
    const known = this.network.populations.get(this.target.value)?.receptors ?? [];
    options(this.receptor, known.map((name) => [name, name]), known.includes(receptor) ? receptor : known[0] ?? "");
    if (this.receptor.disabled === known.length > 0) this.receptor.disabled = !known.length;
  }
}

// The empty rows at the end.
class NewPopulation {
  constructor(network) {
    this.network = network;
    this.root = element("div", { role: "row", class: "line new" });
    this.like = element("select", { "aria-label": "Make the new population like", "data-part": "like" });
    this.adding = button("add", "Add population", () => network.add(this.like.value));
    this.root.append(cell("blank"), cell("name", this.adding), cell("detail", this.like), cell("remove"));
  }

  update() {
    const { populations, selected } = this.network;
    const all = [...populations.values()].map(({ id }) => [id, `like ${this.network.nameOf(id)}`]);
    const known = populations.has(this.like.value) ? this.like.value : selected;
    options(this.like, all, populations.has(known) ? known : all[0]?.[0] ?? "");
    setHidden(this.like, !all.length);
    const full = populations.size >= this.network.limit();
    enable(this.adding, !full);
  }
}

class NewProjection {
  constructor(network) {
    this.network = network;
    this.root = element("div", { role: "row", class: "line new" });
    this.ways = new Ways(network);
    this.adding = button("add", "Add projection", () => network.connect(...this.ways.values()));
    this.root.append(cell("blank"), cell("name", this.adding), ...this.ways.cells, cell("remove"));
  }

  update() {
    const ids = [...this.network.populations.keys()];
    const [source, target, receptor] = this.ways.values();
    const keep = (id, other) => (this.network.populations.has(id) ? id : other);
    this.ways.show(
      { source: keep(source, ids[0]), target: keep(target, ids[1] ?? ids[0]), receptor },
      "of a new projection",
    );
  }
}

// ------------------------------------------------------------------------------------ the switch

class Switch {
  constructor(label, views, chosen) {
    this.root = element("div", { class: "switch", role: "radiogroup", "aria-label": label });
    this.buttons = new Map(
      Object.entries(views).map(([id, name]) => {
        const option = element("button", { type: "button", role: "radio" }, name);
        option.addEventListener("click", () => chosen(id));
        return [id, option];
      }),
    );
    this.root.append(...this.buttons.values());
    this.root.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      const ids = [...this.buttons.keys()];
      const id = around(ids, this.current, ["ArrowRight", "ArrowDown"].includes(event.key) ? 1 : -1);
      chosen(id);
      this.buttons.get(id).focus();
    });
  }

  set(current) {
    this.current = current;
    for (const [id, option] of this.buttons) {
      setAttribute(option, "aria-checked", String(id === current));
      setAttribute(option, "tabindex", id === current ? "0" : "-1");
    }
  }
}

function remembered() {
  try {
    return localStorage.getItem(VIEW_KEY) === "table" ? "table" : "graph";
  } catch {
    return "graph";
  }
}

function remember(view) {
  try {
    localStorage.setItem(VIEW_KEY, view);
  } catch {
    // without storage the graph comes first
  }
}

// ------------------------------------------------------------------------------------- helpers

let made = 0;
const unique = (stem) => `spikescope-network-${stem}-${(made += 1)}`;

const clamp = (value, low, high) => Math.max(low, Math.min(value, high));

const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

const byId = (items) => new Map((items ?? []).map((item) => [item.id, item]));

const around = (ids, id, step) => ids[(ids.indexOf(id) + step + ids.length) % ids.length];

const difference = (before, after) => ({
  added: [...after.keys()].filter((id) => !before.has(id)),
  removed: [...before.keys()].filter((id) => !after.has(id)),
});

function rekey(views, from, to) {
  if (!views.has(from)) return;
  views.set(to, views.get(from));
  views.delete(from);
}

function sortLike(views, items) {
  for (const id of items.keys()) {
    const view = views.get(id);
    views.delete(id);
    views.set(id, view);
  }
}

// The text that fits into a circle: smaller first, then shorter.
function fitted(text, width) {
  const size = clamp(width / (0.6 * text.length), 10.5, 15);
  return { text: clipped(text, width / (0.56 * size)), size: round(size) };
}

function clipped(text, characters) {
  return text.length <= characters ? text : `${text.slice(0, Math.max(1, Math.floor(characters) - 1))}…`;
}

function svg(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function button(icon, label, act) {
  const root = element("button", { type: "button", class: label ? "action" : "action bare" });
  const picture = svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" });
  picture.append(svg("path", { d: ICONS[icon] }));
  root.append(picture);
  if (label) root.append(element("span", {}, label));
  root.addEventListener("click", act);
  return root;
}

function enable(part, enabled) {
  setAttribute(part, "aria-disabled", String(!enabled));
}

function cell(name, ...children) {
  const root = element("div", { role: "cell", class: `cell ${name}` });
  root.append(...children);
  return root;
}

function options(select, choices, value) {
  const source = JSON.stringify(choices);
  if (select.source !== source) {
    select.source = source;
    select.replaceChildren(...choices.map(([id, name]) => element("option", { value: id }, name)));
  }
  if (select.value !== value) select.value = value;
}

function toggle(node, classes) {
  for (const [name, on] of Object.entries(classes)) node.classList.toggle(name, Boolean(on));
}

function paintWith(node, color) {
  if (node.style.getPropertyValue("--c") !== color) node.style.setProperty("--c", color);
}

function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

function place(parent, node, index) {
  const there = parent.children[index];
  if (there !== node) parent.insertBefore(node, there ?? null);
}
