// The graph: circles and curves, that pointer and keyboard draw on, and what is typed on top of them.

const DRAG_FROM = 5; // pixels that a press may wander before it is a drag
const MOVE_MS = 180;

const HELP =
  "Left and right move between populations, down and up through the projections that leave one. " +
  "On a projection, left goes to its source and right to its target. Enter selects, C connects, " +
  "F2 renames, Delete removes, Escape cancels.";

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
