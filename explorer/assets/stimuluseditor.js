// The stimulus, drawn and dragged on the plot of the input.
//
// This layer lies over the frame of a Bokeh plot and follows its ranges. What the pointer does is
// shown at once, and sent as the sliders of the rail are: one message at a time, the newest wins.

const SEND_MS = 33; // thirty messages in a second
const WATCHDOG_MS = 1500; // an answer that never comes must not leave the editor mute
const KNOBS_AT_MOST = 80; // beyond, points are drawn over rather than taken one by one
const MOST_POINTS = 1000;
const OFF = 0.7; // pixels that a stroke may be off once it is simplified

let gestures = 1_000_000_000; // apart from those of the rail

export function render({ model, el, view }) {
  adoptTheme(el);
  const sender = new Sender(model);
  const tools = element("div", { class: "tools", hidden: "" }); // until there is a plot
  const draw = element("button", {
    type: "button",
    "aria-pressed": "false",
    title: "Draw the input with the pointer; Escape ends it",
  });
  draw.textContent = "Draw";
  const load = element("button", { type: "button", title: "Load a table (CSV): time and input, with units in its first line" });
  load.textContent = "Load CSV";
  const file = element("input", { type: "file", accept: ".csv,.tsv,.txt,text/*", hidden: "", "aria-label": "table of the input" });
  const surface = element("div", { class: "surface", hidden: "" });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const course = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const knobs = element("div", { class: "knobs", role: "group", "aria-label": "points of the input" });
  const word = element("div", { class: "value", "aria-hidden": "true", hidden: "" });
  course.setAttribute("class", "course");
  svg.setAttribute("aria-hidden", "true");
  svg.append(course);
  surface.append(svg);
  tools.append(draw, load, file);
  el.append(surface, knobs, tools, word);

  let plot = null; // the Bokeh view
  let drawing = false;
  let gesture = null; // the drag under way
  let points = []; // those in sight: of the server, or of the gesture
  let handles = [];
  let closed = false;

  // ------------------------------------------------------------------------------ coordinates

  function frame() {
    if (!plot?.el?.isConnected || !plot.frame) return null;
    const { left, top, width, height } = plot.frame.bbox;
    const area = plot.el.getBoundingClientRect();
    if (!(width > 0 && height > 0 && area.width > 0)) return null;
    const { x_range: x, y_range: y } = plot.model;
    return { left: area.left + left, top: area.top + top, width, height, x, y };
  }

  const scale = () => plain(model.scale) ?? [1, 0];
  const shown = (value) => value * scale()[0] + scale()[1];
  const drawnValue = (value) => (value - scale()[1]) / scale()[0];
  const toX = (f, t) => ((t - f.x.start) / (f.x.end - f.x.start)) * f.width;
  const toY = (f, v) => f.height - ((v - f.y.start) / (f.y.end - f.y.start)) * f.height;
  const quantum = (range, pixels) => 10 ** Math.floor(Math.log10(Math.abs(range.end - range.start) / pixels));
  const rounded = (value, step) => Number((Math.round(value / step) * step).toPrecision(9)) + 0;
  const within = (value, low, high) => Math.min(Math.max(value, low), high);

  // Time and plotted value under the pointer, as exactly as a pixel says.
  function under(event, f) {
    const px = within(event.clientX - f.left, 0, f.width);
    const py = within(event.clientY - f.top, 0, f.height);
    return { px, py, ...at(f, px, py) };
  }

  function at(f, px, py) {
    const t = f.x.start + (px / f.width) * (f.x.end - f.x.start);
    const v = f.y.start + ((f.height - py) / f.height) * (f.y.end - f.y.start);
    return { t: Math.max(0, rounded(t, quantum(f.x, f.width))), v: rounded(v, quantum(f.y, f.height)) };
  }

  // ---------------------------------------------------------------------------------- showing

  function refresh() {
    if (gesture || sender.waits) return; // what the hand does is newer
    points = (plain(model.points) ?? []).map(([t, v]) => [t, v]);
    handles = plain(model.handles) ?? [];
    if (!model.course && drawing && !sender.asked) setDrawing(false); // undone, or another was chosen
    if (model.course) sender.asked = false;
    paint();
  }

  function paint() {
    const f = frame();
    tools.hidden = surface.hidden = knobs.hidden = !f;
    if (!f) return;
    const origin = el.getBoundingClientRect();
    const [left, top] = [f.left - origin.left, f.top - origin.top];
    for (const part of [surface, knobs]) {
      part.style.left = `${left}px`;
      part.style.top = `${top}px`;
    }
    surface.style.width = `${f.width}px`;
    surface.style.height = `${f.height}px`;
    tools.style.left = `${left + 100}px`;
    tools.style.top = `${top - 28}px`;
    course.setAttribute("d", model.course ? pathOf(f) : "");
    placeKnobs(f);
  }

  function pathOf(f) {
    if (!points.length) return "";
    let d = `M${-1} ${toY(f, shown(points[0][1])).toFixed(1)}`;
    points.forEach(([t, v], index) => {
      const x = within(toX(f, t), -1e5, 1e5).toFixed(1);
      const y = toY(f, shown(v)).toFixed(1);
      d += model.course === "levels" && index ? `H${x}V${y}` : `L${x} ${y}`;
    });
    return `${d}H${f.width + 1}`;
  }

  function wantedKnobs(f) {
    const inSight = (x) => x >= -1 && x <= f.width + 1;
    if (!model.course) {
      return handles
        .map((h) => ({ ...h, px: toX(f, h.x), py: toY(f, h.y), name: h.label, handle: true }))
        .filter((k) => inSight(k.px));
    }
    const found = points
      .map(([t, v], index) => ({ id: `p${index}`, index, x: t, y: shown(v), moves: "xy", px: toX(f, t), py: toY(f, shown(v)) }))
      .filter((k) => inSight(k.px) && k.py >= -1 && k.py <= f.height + 1);
    for (const knob of found) knob.name = `Point ${knob.index + 1} of ${points.length}`;
    return found.length > KNOBS_AT_MOST ? [] : found;
  }

  function placeKnobs(f) {
    const wanted = wantedKnobs(f);
    const there = new Map([...knobs.children].map((node) => [node.dataset.id, node]));
    const order = [];
    for (const knob of wanted) {
      let node = there.get(knob.id);
      there.delete(knob.id);
      if (!node) {
        node = element("button", { type: "button", "data-id": knob.id });
        node.addEventListener("pointerdown", (event) => grab(event, node));
        node.addEventListener("keydown", (event) => key(event, node));
      }
      order.push(node);
      node.knob = knob;
      const held = gesture?.node === node ? " held" : "";
      node.className = `knob ${knob.handle ? knob.moves : "point"}${held}`;
      node.style.left = `${knob.px}px`;
      node.style.top = `${within(knob.py, 0, f.height)}px`;
      if (knob.handle && knob.moves.length === 1) {
        asSlider(node, knob, knob.moves === "x" ? f.x : f.y);
        continue;
      }
      for (const name of SLIDER) node.removeAttribute(name);
      const keys = knob.handle ? "arrow keys move it" : "arrow keys move it, plus adds one after it, Delete removes it";
      const label = `${knob.name}: ${saying(knob)}; ${keys}`;
      if (node.getAttribute("aria-label") !== label) node.setAttribute("aria-label", label);
    }
    for (const node of there.values()) node.remove();
    const focused = el.getRootNode().activeElement;
    order.forEach((node, index) => {
      if (knobs.children[index] !== node) knobs.insertBefore(node, knobs.children[index] ?? null);
    });
    if (order.includes(focused) && el.getRootNode().activeElement !== focused) focused.focus({ preventScroll: true });
  }

  const SLIDER = ["role", "aria-orientation", "aria-valuemin", "aria-valuemax", "aria-valuenow", "aria-valuetext"];

  // What moves along one axis is told as a slider: a screen reader then says each new value.
  function asSlider(node, knob, { start, end }) {
    const value = knob[knob.moves];
    const told = {
      role: "slider",
      "aria-orientation": knob.moves === "x" ? "horizontal" : "vertical",
      "aria-valuemin": String(Math.min(start, value)),
      "aria-valuemax": String(Math.max(end, value)),
      "aria-valuenow": String(value),
      "aria-valuetext": saying(knob),
      "aria-label": knob.name,
    };
    for (const [name, text] of Object.entries(told)) if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }

  const digits = (value) => String(Number(Number(value).toPrecision(6))).replace("-", "−");
  function saying({ x, y, moves }) {
    const parts = [];
    if (moves.includes("x")) parts.push(`${digits(x)} ms`);
    if (moves.includes("y")) parts.push(`${digits(y)} ${model.unit}`.trim());
    return parts.join(", ");
  }

  function say(knob, f) {
    word.hidden = !knob;
    if (!knob) return;
    word.textContent = saying(knob);
    const origin = el.getBoundingClientRect();
    const px = toX(f, knob.x);
    const py = within(toY(f, knob.y), 0, f.height);
    word.style.left = `${f.left - origin.left + px + (px > f.width - 110 ? -100 : 12)}px`;
    word.style.top = `${f.top - origin.top + (py < 24 ? py + 8 : py - 22)}px`;
  }

  // --------------------------------------------------------------------------------- dragging

  function grab(event, node) {
    const f = frame();
    if (!f || event.button > 0 || gesture) return;
    event.preventDefault();
    event.stopPropagation();
    node.focus({ preventScroll: true });
    const { px, py, knob } = { ...under(event, f), knob: { ...node.knob } };
    gesture = { id: (gestures += 1), node, knob, off: [px - knob.px, py - within(knob.py, 0, f.height)], before: points };
    track(event, (now, g) => {
      const spot = at(g, within(now.px - gesture.off[0], 0, g.width), within(now.py - gesture.off[1], 0, g.height));
      moveTo(knob, spot.t, spot.v, gesture.id);
      say(knob, g);
    });
  }

  function moveTo(knob, t, v, id) {
    if (knob.moves.includes("x")) knob.x = t;
    if (knob.moves.includes("y")) knob.y = v;
    if (knob.handle) {
      handles = handles.map((h) => (h.id === knob.id ? { ...h, x: knob.x, y: knob.y } : h));
      sender.post({ type: "handle", id: knob.id, x: knob.x, y: knob.y, gesture: id });
    } else {
      const low = points[knob.index - 1]?.[0] ?? 0;
      const high = points[knob.index + 1]?.[0] ?? Infinity;
      knob.x = within(knob.x, low, high);
      points = points.with(knob.index, [knob.x, drawnValue(knob.y)].map(tidy));
      sendPoints(id);
    }
    paint();
  }

  const tidy = (value) => Number(value.toPrecision(9));
  const sendPoints = (id) => sender.post({ type: "points", points, gesture: id });

  // Follow a pointer until it is let go; the last message of the gesture is marked as such.
  function track(event, onMove) {
    const pointer = event.pointerId;
    const listen = (type, listener) => window.addEventListener(type, listener, true);
    const stop = (type, listener) => window.removeEventListener(type, listener, true);
    const move = (now) => {
      const f = frame();
      if (now.pointerId !== pointer || !f) return;
      now.preventDefault();
      now.stopPropagation();
      for (const step of now.getCoalescedEvents?.() ?? []) onMove(under(step, f), f);
      onMove(under(now, f), f);
    };
    const end = (now) => {
      if (now.pointerId !== undefined && now.pointerId !== pointer) return;
      stop("pointermove", move);
      for (const type of ["pointerup", "pointercancel", "blur"]) stop(type, end);
      gesture = null;
      say(null);
      sender.finish();
      paint();
    };
    listen("pointermove", move);
    for (const type of ["pointerup", "pointercancel", "blur"]) listen(type, end);
  }

  function key(event, node) {
    const f = frame();
    const { knob } = node;
    if (!f || event.ctrlKey || event.metaKey || event.altKey) return;
    const far = event.shiftKey ? 10 : 1;
    const [dx, dy] = [quantum(f.x, f.width), quantum(f.y, f.height)].map((step) => step * far);
    const moves = { ArrowLeft: [-dx, 0], ArrowRight: [dx, 0], ArrowUp: [0, dy], ArrowDown: [0, -dy] };
    if (event.key in moves) {
      const [x, y] = moves[event.key];
      moveTo({ ...knob }, Math.max(0, tidy(knob.x + x)), tidy(knob.y + y), 0);
    } else if (!knob.handle && (event.key === "Delete" || event.key === "Backspace")) {
      remove(knob.index);
    } else if (!knob.handle && (event.key === "+" || event.key === "Insert")) {
      const [t, v] = points[knob.index];
      const [later, w] = points[knob.index + 1] ?? [f.x.end, v];
      add(tidy((t + later) / 2), tidy((v + w) / 2));
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    sender.finish();
  }

  function remove(index) {
    points = points.toSpliced(index, 1);
    sendPoints(0);
    paint();
    const next = knobs.querySelector(`[data-id="p${Math.min(index, points.length - 1)}"]`) ?? draw;
    next.focus();
  }

  function add(t, v) {
    const index = points.findIndex((point) => point[0] > t);
    points = points.toSpliced(index < 0 ? points.length : index, 0, [t, v]);
    sendPoints(0);
    paint();
  }

  // ---------------------------------------------------------------------------------- drawing

  surface.addEventListener("pointerdown", (event) => {
    const f = frame();
    if (!drawing || !f || event.button > 0 || gesture) return;
    event.preventDefault();
    event.stopPropagation();
    const begin = under(event, f);
    const stroke = new Map();
    gesture = { id: (gestures += 1), before: points };
    const { before, id } = gesture;
    let last = begin;
    let painting = false;
    track(event, (now, g) => {
      painting ||= Math.hypot(now.px - begin.px, now.py - begin.py) > 3;
      if (!painting) return;
      fill(stroke, last, now);
      last = now;
      points = painted(before, stroke, g);
      sendPoints(id);
      paint();
      say({ x: now.t, y: now.v, moves: "xy" }, g);
    });
  });

  surface.addEventListener("dblclick", (event) => {
    const f = frame();
    if (!drawing || !f) return;
    event.preventDefault();
    event.stopPropagation();
    const { t, v } = under(event, f);
    add(t, tidy(drawnValue(v)));
    sender.finish();
  });

  // One height for each column of pixels that the pointer has crossed.
  function fill(stroke, from, to) {
    const [a, b] = [Math.round(from.px), Math.round(to.px)];
    const way = Math.sign(b - a);
    for (let column = a; column !== b; column += way) {
      stroke.set(column, from.py + ((to.py - from.py) * (column - a)) / (b - a));
    }
    stroke.set(b, to.py);
  }

  // What was there before, with the stroke in place of what lay under it.
  function painted(before, stroke, f) {
    const columns = [...stroke.keys()].sort((a, b) => a - b);
    let line = columns.map((column) => [column, stroke.get(column)]);
    const room = MOST_POINTS - before.length - 4;
    for (let off = OFF, all = line; ; off *= 2) {
      line = simplified(all, off);
      if (line.length <= Math.max(room, 50)) break;
    }
    const drawn = line.map(([px, py]) => {
      const { t, v } = at(f, px, py);
      return [t, tidy(drawnValue(v))];
    });
    const [first, last] = [drawn[0][0], drawn.at(-1)[0]];
    const kept = [...before.filter(([t]) => t < first)];
    if (before.length) kept.push([first, course_(before, first, true)]);
    const after = before.length ? [[last, course_(before, last, false)]] : [];
    return tidied([...kept, ...drawn, ...after, ...before.filter(([t]) => t > last)]);
  }

  // Value of a drawn course just before or just after a time.
  function course_(list, t, earlier) {
    const after = list.findIndex((point) => (earlier ? point[0] >= t : point[0] > t));
    if (after === 0) return list[0][1];
    if (after < 0) return list.at(-1)[1];
    const [[t0, v0], [t1, v1]] = [list[after - 1], list[after]];
    if (model.course === "levels") return v0;
    return tidy(v0 + ((v1 - v0) * (t - t0)) / (t1 - t0));
  }

  // Of several points at one time the first and the last count.
  function tidied(list) {
    const found = [];
    for (const point of list) {
      const at_ = found.length;
      if (at_ > 1 && found[at_ - 1][0] === point[0] && found[at_ - 2][0] === point[0]) found[at_ - 1] = point;
      else found.push(point);
    }
    return found.filter(([t, v], i) => !i || t !== found[i - 1][0] || v !== found[i - 1][1]);
  }

  function setDrawing(on) {
    drawing = on;
    draw.setAttribute("aria-pressed", String(on));
    surface.classList.toggle("drawing", on);
    sender.asked = on && !model.course;
    model.send_msg({ type: "draw", on });
  }

  draw.addEventListener("click", () => setDrawing(!drawing));
  el.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !drawing) return;
    event.stopPropagation();
    setDrawing(false);
    draw.focus();
  });

  // ------------------------------------------------------------------------------------ tables

  async function read(chosen) {
    if (chosen) model.send_msg({ type: "table", text: `${await chosen.text()}\n` });
  }
  load.addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    await read(file.files[0]);
    file.value = "";
  });
  const carriesFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const over = (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    surface.classList.add("over");
  };
  const out = () => surface.classList.remove("over");
  const drop = (event) => {
    out();
    if (!carriesFile(event)) return;
    event.preventDefault();
    read(event.dataTransfer.files[0]);
  };

  // ------------------------------------------------------------------------------- the plot

  let connected = [];
  const sizes = new ResizeObserver(() => paint());

  function* viewsOf(parent) {
    yield parent;
    for (const child of parent.children?.() ?? []) yield* viewsOf(child);
  }

  function findPlot() {
    if (closed) return;
    for (const root of Object.values(window.Bokeh?.index ?? {})) {
      for (const found of viewsOf(root)) {
        if (found.model?.name === model.figure && found.frame?.bbox?.width > 0) {
          meet(found);
          return;
        }
      }
    }
    setTimeout(findPlot, 100);
  }

  function meet(found) {
    plot = found;
    const later = () => requestAnimationFrame(() => paint());
    for (const range of [plot.model.x_range, plot.model.y_range]) {
      range.change.connect(later);
      connected.push(() => range.change.disconnect(later));
    }
    for (const target of [plot.el, surface]) {
      target.addEventListener("dragover", over);
      target.addEventListener("dragleave", out);
      target.addEventListener("drop", drop);
    }
    sizes.observe(plot.el);
    window.addEventListener("resize", later);
    connected.push(() => window.removeEventListener("resize", later));
    refresh();
    later();
  }

  model.on(["points", "handles", "course", "scale", "unit"], () => queueMicrotask(refresh));
  model.on("ack", () => {
    sender.acknowledge(model.ack);
    queueMicrotask(refresh);
  });
  model.on("remove", () => {
    closed = true;
    sizes.disconnect();
    for (const cut of connected) cut();
    connected = [];
    sender.close();
  });
  sender.settled = refresh;
  findPlot();
}

// One message at a time: while it is unanswered only the newest waits.
class Sender {
  constructor(model) {
    this.model = model;
    this.seq = model.ack ?? 0;
    this.inFlight = 0;
    this.waiting = null;
    this.last = null;
    this.sentAt = 0;
    this.asked = false;
    this.settled = () => {};
  }

  get waits() {
    return Boolean(this.inFlight || this.waiting);
  }

  post(message) {
    this.waiting = { ...message, done: false };
    this.last = message;
    this.pump();
  }

  // The gesture is over: its last message says so, even if it has gone out already.
  finish() {
    if (this.last) this.waiting = { ...this.last, done: true };
    this.last = null;
    this.pump();
  }

  pump() {
    if (this.inFlight || !this.waiting) return;
    const pause = this.sentAt + SEND_MS - performance.now();
    clearTimeout(this.timer);
    if (pause > 0) {
      this.timer = setTimeout(() => this.pump(), pause);
      return;
    }
    this.seq += 1;
    this.inFlight = this.seq;
    this.sentAt = performance.now();
    this.model.send_msg({ ...this.waiting, seq: this.seq });
    this.waiting = null;
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.acknowledge(this.inFlight), WATCHDOG_MS);
  }

  acknowledge(seq) {
    if (!this.inFlight || seq < this.inFlight) return;
    clearTimeout(this.watchdog);
    this.inFlight = 0;
    this.pump();
    if (!this.waits) this.settled();
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.watchdog);
  }
}

// Douglas and Peucker's lines: the points of a stroke without which it would be off.
function simplified(line, off) {
  const keep = new Uint8Array(line.length);
  keep[0] = keep[line.length - 1] = 1;
  const parts = [[0, line.length - 1]];
  while (parts.length) {
    const [a, b] = parts.pop();
    let [worst, at] = [off, -1];
    for (let i = a + 1; i < b; i += 1) {
      const share = (line[i][0] - line[a][0]) / (line[b][0] - line[a][0] || 1);
      const away = Math.abs(line[i][1] - line[a][1] - share * (line[b][1] - line[a][1]));
      if (away > worst) [worst, at] = [away, i];
    }
    if (at > 0) {
      keep[at] = 1;
      parts.push([a, at], [at, b]);
    }
  }
  return line.filter((_, i) => keep[i]);
}
