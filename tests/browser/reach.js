// Reaches into the page for the tests: through open shadow roots, and to the Bokeh models.
(() => {
  function* all(selector, root = document) {
    yield* root.querySelectorAll(selector);
    for (const node of root.querySelectorAll("*")) if (node.shadowRoot) yield* all(selector, node.shadowRoot);
  }
  const find = (selector) => all(selector).next().value ?? null;

  const models = () => (window.Bokeh?.documents?.length ? [...Bokeh.documents[0].all_models] : []);
  const component = (...names) => models().find((m) => m.data && names.every((n) => m.data.properties?.[n]));
  const rail = () => component("ack", "errors", "groups");
  const plain = (value) => {
    if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, plain(v)]));
    if (Array.isArray(value)) return value.map(plain);
    if (value && typeof value === "object" && value.constructor === Object)
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
    return value;
  };

  function* views(view) {
    yield view;
    for (const child of view.children?.() ?? []) yield* views(child);
  }
  const plots = () =>
    Object.values(window.Bokeh?.index ?? {})
      .flatMap((root) => [...views(root)])
      .filter((v) => v.frame && v.model?.title?.text !== undefined);
  const plot = (title) => plots().find((v) => v.model.title?.text?.startsWith(title));

  const column = (source, name) => Array.from(source.data instanceof Map ? source.data.get(name) : source.data[name]);
  const source = (title, role) =>
    plot(title)?.model.renderers.find((r) => r.tags?.includes(`role:${role}`))?.data_source;

  // The pixels of a plot, as its canvas shows them.
  function pixels(title) {
    const view = plot(title);
    const layer = view?.canvas_view?.primary ?? view?.canvas?.primary;
    const canvas = layer.canvas;
    return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  }

  const digest = (title) => {
    const { data } = pixels(title);
    let sum = 2166136261;
    for (let i = 0; i < data.length; i += 4) sum = Math.imul(sum ^ (data[i] + (data[i + 1] << 8) + (data[i + 2] << 16)), 16777619);
    return sum >>> 0;
  };

  // Wait until a plot has not been painted anew for a while.
  async function still(title) {
    let [seen, since] = [digest(title), performance.now()];
    for (const begin = since; performance.now() - since < 250 && performance.now() - begin < 5000; ) {
      await new Promise((done) => setTimeout(done, 50));
      const now = digest(title);
      if (now !== seen) [seen, since] = [now, performance.now()];
    }
  }

  function rgb(color) {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  }

  // How many pixels are of the colour that a role has now.
  function inked(title, role) {
    const roles = JSON.parse(find("script[data-roles]").dataset.roles);
    const [r, g, b] = rgb(getComputedStyle(document.documentElement).getPropertyValue(roles[role]).trim());
    const { data } = pixels(title);
    let count = 0;
    for (let i = 0; i < data.length; i += 4)
      count += Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 24 && data[i + 3] > 200;
    return count;
  }

  // Counts what the rail sends and what is acknowledged, as it happens.
  const traffic = { sent: 0, unacknowledged: 0, most: 0, last: null, messages: [] };
  function watchRail() {
    const model = rail();
    if (model.watched) return;
    model.watched = true;
    const open = new Set();
    const trigger = model.trigger_event.bind(model);
    model.trigger_event = (event) => {
      const data = plain(event.data ?? event.msg ?? {});
      if (data.seq !== undefined) {
        traffic.sent += 1;
        open.add(data.seq);
        traffic.last = data;
        traffic.messages.push(data);
        traffic.most = Math.max(traffic.most, open.size);
      }
      trigger(event);
    };
    model.data.properties.ack.change.connect(() => {
      for (const seq of open) if (seq <= model.data.ack) open.delete(seq);
      traffic.unacknowledged = open.size;
    });
  }

  const rows = () =>
    [...all(".row[data-path]")].map((row) => {
      const control = plain(rail().data.groups).flatMap((g) => g.controls).find((c) => c.path === row.dataset.path);
      return { path: row.dataset.path, ...control };
    });

  window.reach = {
    find,
    all: (selector) => [...all(selector)],
    ready: () => {
      const data = rail()?.data;
      const shown =
        source("Membrane potential", "trace") ??
        source("Conductance", "population-0") ??
        source("Membrane potential", "population-0");
      return !!(data && find(".row[data-path]") && shown && column(shown, "x").length && reach.idle());
    },
    // Nothing is on its way: the newest message is acknowledged and no row waits.
    idle: () => {
      const model = rail();
      const busy = component("busy", "items")?.data.busy;
      return !busy && (traffic.last === null || model.data.ack >= traffic.last.seq);
    },
    values: () => plain(rail().data.values),
    errors: () => plain(rail().data.errors),
    ack: () => rail().data.ack,
    header: () => {
      const { model, preset, query, can_undo, can_redo } = component("can_undo", "query").data;
      return { model, preset, query, can_undo, can_redo };
    },
    numbers: () => Object.fromEntries(plain(component("numbers", "equation").data.numbers).map((n) => [n.id, n.value])),
    data: (title, role) => {
      const found = source(title, role);
      return { x: column(found, "x"), y: column(found, "y") };
    },
    heights: () => plots().filter((v) => v.el.offsetParent && v.model.title.text).map((v) => v.frame.bbox.height),
    frame: (title) => {
      const view = plot(title);
      const area = view.el.getBoundingClientRect();
      const { left, top, width, height } = view.frame.bbox;
      return { x: area.x + left, y: area.y + top, width, height };
    },
    focused: () => {
      let node = document.activeElement;
      while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
      return node;
    },
    titles: () => plots().map((v) => v.model.title.text),
    ranges: (title) => {
      const { start, end } = plot(title).model.x_range;
      return [start, end];
    },
    digest,
    still,
    inked,
    rows,
    watchRail,
    traffic: () => ({ ...traffic, messages: traffic.messages.slice(-5) }),
  };
})();
