// One line through all plots at the pointer, and beside it what each plot shows there.
//
// The line and the readings lie over the plots as elements of the page, so that no canvas is painted
// anew while the pointer moves. With the focus on the plots the arrow keys move the line, comma and full
// stop take it from spike to spike, and what it reads is spoken.

(() => {
  const ROLES = JSON.parse(document.currentScript.dataset.roles);
  const REACH = 8; // pixels within which a click takes the line to a spike
  const STEP = 0.005; // of the window of time; ten times as much with Shift

  let main, spoken;
  let time = null; // ms, where the line stands
  let held = false; // it stays there when the pointer leaves
  let pointer = null; // where the pointer is, in pixels of the page
  let due = false;
  const marks = new Map(); // view of a plot -> its line and its reading

  function element(tag, name) {
    const node = document.createElement(tag);
    node.className = name;
    return node;
  }

  function* walk(view) {
    yield view;
    for (const child of view.children?.() ?? []) yield* walk(child);
  }

  function plots() {
    const area = main.getBoundingClientRect();
    return Object.values(window.Bokeh?.index ?? {})
      .flatMap((root) => [...walk(root)])
      .filter((view) => view.frame?.x_scale && view.model?.x_range)
      .map((view) => ({ view, box: view.el.getBoundingClientRect() }))
      .filter(({ box }) => box.height && box.top >= area.top - 1 && box.bottom <= area.bottom + 1)
      .filter(({ box }) => box.left >= area.left - 1 && box.right <= area.right + 1);
  }

  const column = (source, name) => (source.data instanceof Map ? source.data.get(name) : source.data[name]) ?? [];
  const roleOf = (renderer) => renderer.tags?.find((tag) => String(tag).startsWith("role:"))?.slice("role:".length);

  function* lines(view) {
    for (const renderer of view.model.renderers ?? []) {
      const { glyph, data_source: source, visible } = renderer;
      const role = roleOf(renderer);
      if (!visible || !role || !source || !["Line", "Step"].includes(glyph?.type)) continue;
      yield { role, x: column(source, glyph.x?.field), y: column(source, glyph.y?.field) };
    }
  }

  // Strokes, such as those of the spikes, are a line with gaps; a rule, such as a threshold, has two ends.
  const isBroken = ({ y }) => y.length > 2 && Number.isNaN(y[2]);
  const isRule = ({ x }) => x.length < 3;

  // The first of the ascending numbers that is not below one.
  function firstFrom(x, limit) {
    let [low, high] = [0, x.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (x[middle] < limit) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function valueAt({ x, y }) {
    if (x.length < 2 || time < x[0] || time > x[x.length - 1]) return NaN;
    const after = firstFrom(x, time);
    return after > 0 && time - x[after - 1] < x[after] - time ? y[after - 1] : y[after];
  }

  const minus = (text) => text.replace("-", "\u2212");
  function written(value) {
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-3 || size >= 1e5)) return minus(value.toExponential(2));
    return minus(String(Number(value.toPrecision(4))));
  }
  const unitOf = (view) => /\(([^()]*)\)[^()]*$/.exec(view.model.title?.text ?? "")?.[1] ?? "";
  const titleOf = (view) => (view.model.title?.text ?? "").replace(/\s*\([^()]*\)[^()]*$/, "");

  // Times at which the watched neuron fired, of all that is in sight.
  function spikes(shown) {
    const times = new Set();
    for (const { view } of shown) {
      for (const line of lines(view)) {
        if (line.role !== "spike" || !isBroken(line)) continue;
        for (const each of line.x) if (Number.isFinite(each)) times.add(each);
      }
    }
    return Float64Array.from(times).sort();
  }

  function spikeHere(times) {
    const next = firstFrom(times, time - 1e-4);
    if (next >= times.length || Math.abs(times[next] - time) > 1e-3) return "";
    if (next === 0) return "spike";
    const gap = times[next] - times[next - 1];
    return `spike, ${written(gap)} ms after the last (${written(1000 / gap)} Hz)`;
  }

  // -- drawing

  function markOf(view) {
    if (!marks.has(view)) {
      const mark = { line: element("div", "cursor-line"), reading: element("div", "cursor-reading") };
      main.append(mark.line, mark.reading);
      marks.set(view, mark);
    }
    return marks.get(view);
  }

  function hide() {
    for (const { line, reading } of marks.values()) line.hidden = reading.hidden = true;
  }

  function forget(shown) {
    const present = new Set(shown.map(({ view }) => view));
    for (const [view, { line, reading }] of marks) {
      if (present.has(view)) continue;
      line.remove();
      reading.remove();
      marks.delete(view);
    }
  }

  function draw() {
    due = false;
    const shown = plots();
    forget(shown);
    if (pointer && !held) {
      const under = shown.find(({ box }) => pointer.y >= box.top && pointer.y <= box.bottom);
      time = under ? timeAt(under, pointer.x) : null;
    }
    if (time === null || !shown.length) return hide();
    const area = main.getBoundingClientRect();
    const times = spikes(shown);
    const words = [];
    for (const { view, box } of shown) {
      const { line, reading } = markOf(view);
      const { bbox, x_scale: scale } = view.frame;
      const across = scale.compute(time);
      const inside = across >= bbox.left - 0.5 && across <= bbox.right + 0.5;
      line.hidden = reading.hidden = !inside;
      if (!inside) continue;
      const [left, top] = [box.left - area.left, box.top - area.top];
      Object.assign(line.style, { left: `${left + across}px`, top: `${top + bbox.top}px`, height: `${bbox.height}px` });
      line.toggleAttribute("data-held", held);
      const said = read(view, times, view === shown[0].view);
      reading.hidden = !said.length;
      reading.replaceChildren(...said.map(entry));
      const right = across > bbox.left + bbox.width / 2; // the reading keeps out of the pointer's way
      reading.style.top = `${top + bbox.top + 2}px`;
      reading.style.left = right ? "" : `${left + across + 6}px`;
      reading.style.right = right ? `${area.width - left - across + 6}px` : "";
      words.push(...said.filter(({ role }) => role).map(({ text }) => `${titleOf(view)} ${text}`));
    }
    return words;
  }

  function read(view, times, first) {
    const unit = unitOf(view).split(",")[0];
    const said = first ? [{ text: `${written(time)} ms` }] : [];
    for (const each of lines(view)) {
      if (isRule(each)) continue;
      if (isBroken(each)) {
        if (each.role === "spike" && spikeHere(times)) said.push({ text: spikeHere(times) });
        continue;
      }
      const value = valueAt(each);
      if (Number.isFinite(value)) said.push({ role: each.role, text: `${written(value)} ${unit}`.trim() });
    }
    return said;
  }

  function entry({ role, text }) {
    const node = element("span", "cursor-value");
    if (role && ROLES[role]) {
      const swatch = element("i", "cursor-swatch");
      swatch.style.background = `var(${ROLES[role]})`;
      node.append(swatch);
    }
    node.append(text);
    return node;
  }

  function later() {
    if (due) return;
    due = true;
    requestAnimationFrame(draw);
  }

  // -- by pointer

  function timeAt({ view, box }, x) {
    const { bbox, x_scale: scale } = view.frame;
    const across = x - box.left;
    return across >= bbox.left && across <= bbox.right ? scale.invert(across) : null;
  }

  function hold(event) {
    if (event.target.closest?.(".plot-helps")) return;
    const shown = plots();
    const under = shown.find(({ box }) => event.clientY >= box.top && event.clientY <= box.bottom);
    const at = under && timeAt(under, event.clientX);
    if (at == null) return;
    const { x_scale: scale } = under.view.frame;
    const near = spikes(shown).filter((each) => Math.abs(scale.compute(each) - scale.compute(at)) <= REACH);
    time = near.length ? near.reduce((a, b) => (Math.abs(a - at) <= Math.abs(b - at) ? a : b)) : at;
    held = true;
    later();
  }

  function release() {
    held = false;
    time = null;
    later();
  }

  // -- by key

  const MOVES = {
    ArrowLeft: (event) => time - reach() * (event.shiftKey ? 10 : 1),
    ArrowRight: (event) => time + reach() * (event.shiftKey ? 10 : 1),
    Home: () => range().start,
    End: () => range().end,
    ",": () => spikes(plots()).findLast((each) => each < time - 1e-3) ?? time,
    ".": () => spikes(plots()).find((each) => each > time + 1e-3) ?? time,
  };
  const range = () => plots()[0].view.model.x_range;
  const reach = () => (range().end - range().start) * STEP;

  function press(event) {
    if (event.target !== main || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return release();
    if (!(event.key in MOVES) || !plots().length) return;
    event.preventDefault();
    time ??= range().start;
    time = Math.min(range().end, Math.max(range().start, MOVES[event.key](event)));
    held = true;
    const times = spikes(plots());
    spoken.textContent = [`${written(time)} ms`, spikeHere(times), ...(draw() ?? [])].filter(Boolean).join("; ");
  }

  function follow(document_) {
    document_.on_change(() => time !== null && later());
  }

  function listen() {
    main = document.getElementById("plots");
    if (!main) return;
    spoken = element("p", "cursor-spoken");
    spoken.setAttribute("role", "status");
    main.append(spoken);
    let pressed = null;
    main.addEventListener("pointermove", (event) => {
      pointer = event.pointerType === "touch" ? null : { x: event.clientX, y: event.clientY };
      later();
    });
    main.addEventListener("pointerleave", () => {
      pointer = null;
      if (!held) time = null;
      later();
    });
    main.addEventListener("pointerdown", (event) => (pressed = event), { capture: true });
    main.addEventListener(
      "pointerup",
      (event) => {
        const moved = pressed && Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY);
        if (pressed && moved < 4 && event.button === 0) hold(event);
      },
      { capture: true },
    );
    main.addEventListener("dblclick", release, { capture: true });
    main.addEventListener("keydown", press);
    addEventListener("resize", later);
    const wait = () => (window.Bokeh?.documents?.length ? Bokeh.documents.forEach(follow) : requestAnimationFrame(wait));
    wait();
  }

  document.addEventListener("DOMContentLoaded", listen, { once: true });
})();
