// Measures the live path in the page itself: from a slider's event to the pixels that answer it.
//
// A frame counts as painted once the canvas of a plot was drawn with new data and the browser has
// presented it: the animation frame after the drawing, and one task after that.
(() => {
  const traffic = { bytes: 0, messages: 0 };
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => {
        traffic.bytes += typeof data === "string" ? data.length : (data.byteLength ?? data.size ?? 0);
        traffic.messages += 1;
      });
    }
  };

  const presented = () =>
    new Promise((done) =>
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => done(performance.now());
        channel.port2.postMessage(0);
      }),
    );

  function* views(view) {
    yield view;
    for (const child of view.children?.() ?? []) yield* views(child);
  }
  const everyView = () => Object.values(Bokeh.index).flatMap((root) => [...views(root)]);

  const state = { rail: null, slider: null, paints: [], outstanding: 0 };

  // All shadow roots are open: search through them.
  function find(selector, root = document) {
    const here = root.querySelector(selector);
    if (here) return here;
    for (const node of root.querySelectorAll("*")) {
      const inside = node.shadowRoot && find(selector, node.shadowRoot);
      if (inside) return inside;
    }
    return null;
  }

  function ready(path) {
    if (!window.Bokeh?.documents?.length) return false;
    const models = [...Bokeh.documents[0].all_models];
    state.rail = models.find((model) => model.data?.properties?.ack && model.data.properties.errors);
    state.slider = find(`[data-path="${path}"] input[type=range]`);
    return !!(state.rail && state.slider && everyView().some((v) => v.frame));
  }

  const plotOf = (title) => everyView().find((v) => v.model?.title?.text?.startsWith(title));

  function hook(title) {
    const plot = plotOf(title);
    const paint = plot.paint.bind(plot);
    plot.paint = (...args) => {
      const result = paint(...args);
      const entry = { ack: state.rail.data.ack, at: null };
      state.paints.push(entry);
      presented().then((at) => (entry.at = at));
      return result;
    };
    // The class of the rail's messages is not exported: take it from the first message.
    const trigger = state.rail.trigger_event.bind(state.rail);
    state.rail.trigger_event = (event) => {
      state.Message ??= event.constructor;
      state.outstanding = Math.max(state.outstanding, event.data.seq - state.rail.data.ack);
      trigger(event);
    };
  }

  function move(value) {
    state.slider.value = value;
    state.slider.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  }

  const until = (condition, limit = 5000) =>
    new Promise((done, fail) => {
      const begin = performance.now();
      const look = () => {
        const found = condition();
        if (found) done(found);
        else if (performance.now() - begin > limit) fail(new Error(`nothing after ${limit} ms`));
        else setTimeout(look, 1);
      };
      look();
    });

  // One step of the slider: milliseconds until the plots that answer it are on the screen.
  async function step(value) {
    const before = state.rail.data.ack;
    state.paints.length = 0;
    const bytes = traffic.bytes;
    const begin = performance.now();
    move(value);
    const paint = await until(() => state.paints.find((p) => p.ack > before && p.at));
    return { ms: paint.at - begin, bytes: traffic.bytes - bytes };
  }

  // The same round trip with nothing to compute and nothing to draw; after a first step.
  async function empty() {
    const before = state.rail.data.ack;
    const begin = performance.now();
    state.rail.trigger_event(new state.Message({ type: "ping", path: "", seq: before + 1 }));
    await until(() => state.rail.data.ack > before);
    return (await presented()) - begin;
  }

  // A drag at `hz` moves a second for `seconds`: painted frames, and how long the last value took.
  async function drag(hz, seconds, low, high) {
    const total = Math.round(hz * seconds);
    state.paints.length = 0;
    state.outstanding = 0;
    const begin = performance.now();
    let moved = 0;
    await until(() => {
      const due = Math.min(total, Math.floor(((performance.now() - begin) * hz) / 1000));
      if (due > moved) {
        moved = due;
        move(low + (high - low) * (0.5 - 0.5 * Math.cos((2 * Math.PI * moved) / 120)));
      }
      return moved === total;
    }, seconds * 2000 + 5000);
    const released = performance.now();
    state.slider.dispatchEvent(new Event("change", { bubbles: true, composed: true }));
    const frames = new Set(state.paints.filter((p) => p.at && p.at <= released).map((p) => p.ack)).size;
    await new Promise((done) => setTimeout(done, 1200)); // far longer than anything can be under way
    const last = state.paints.at(-1).ack;
    const settled = state.paints.find((p) => p.ack === last && p.at).at;
    return {
      fps: (frames * 1000) / (released - begin),
      settle: Math.max(0, settled - released),
      outstanding: state.outstanding,
    };
  }

  window.live = { ready, shows: (title) => Boolean(plotOf(title)), hook, step, empty, drag };
})();
