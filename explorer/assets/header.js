// The header bar: name, labs, model, presets, history, link and theme.

const THEME_KEY = "spikescope.theme";

const ICONS = {
  undo: "M6.5 3 3 6.5 6.5 10M3.5 6.5h6a4 4 0 0 1 0 8H7",
  redo: "M9.5 3 13 6.5 9.5 10M12.5 6.5h-6a4 4 0 0 0 0 8H9",
  history: "M8 4.5V8l2.5 1.5M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11",
  reset: "M3 3v3.5h3.5M3.3 6.5A5.2 5.2 0 1 1 3 9.3",
  link: "M6.7 9.3a2.6 2.6 0 0 0 3.7 0l2.3-2.3a2.6 2.6 0 0 0-3.7-3.7l-.9.9M9.3 6.7a2.6 2.6 0 0 0-3.7 0L3.3 9a2.6 2.6 0 0 0 3.7 3.7l.9-.9",
  done: "M3 8.5 6.5 12 13 4.5",
  theme: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
};

export function render({ model, el }) {
  adoptTheme(el);
  const send = (message) => model.send_msg(message);
  const bar = element("div", { class: "bar" });

  const brand = element("div", { class: "brand" });
  const title = element("h1", {});
  brand.append(glyph(), title);

  const nav = element("nav", { "aria-label": "Labs", class: "labs" });
  const modelField = field("Model");
  const presetField = field("Preset");
  const pickers = element("div", { class: "pickers" });
  pickers.append(modelField.root, presetField.root);

  const undo = tool("undo", "Undo", "Undo (Ctrl+Z)", () => send({ type: "undo" }));
  const redo = tool("redo", "Redo", "Redo (Ctrl+Shift+Z)", () => send({ type: "redo" }));
  const reset = tool("reset", "Reset all controls", "Reset all controls", () => send({ type: "reset_all" }));
  const link = tool("link", "Copy link", "Copy a link to exactly this", copyLink);
  const theme = tool("theme", "Theme", "Theme", toggleTheme);
  const past = new Past(send);
  const confirmation = element("span", { class: "confirmation", role: "status" });
  const tools = element("div", { class: "tools" });
  const history = element("div", { class: "cluster", role: "group", "aria-label": "History" });
  const sharing = element("div", { class: "cluster", role: "group", "aria-label": "Page" });
  history.append(undo, redo, past.button, reset, past.panel);
  sharing.append(confirmation, link, theme);
  tools.append(history, sharing);
  bar.append(brand, nav, pickers, tools);
  el.append(bar);

  // -- from Python

  const showTitle = () => setText(title, model.title);

  const showLabs = () => {
    nav.replaceChildren(
      ...(plain(model.labs) ?? []).map((lab) => {
        const anchor = element("a", { href: lab.href }, lab.label);
        if (lab.current) anchor.setAttribute("aria-current", "page");
        return anchor;
      }),
    );
    nav.hidden = !nav.children.length;
  };

  const showModels = () => {
    const models = plain(model.models) ?? [];
    modelField.fill(models, models.map((entry) => entry.value), model.model);
    modelField.root.hidden = !models.length;
  };

  const showPresets = () => {
    const presets = plain(model.presets) ?? [];
    const none = { label: "No preset", hint: "" };
    presetField.fill([none, ...presets], ["", ...presets.map((entry) => entry.id)], model.preset);
    presetField.root.hidden = !presets.length;
  };

  const showTools = () => {
    history.hidden = !model.keeps_history;
    link.hidden = !model.keeps_history;
  };

  const showHistory = () => {
    setEnabled(undo, model.can_undo);
    setEnabled(redo, model.can_redo);
  };

  model.on("title", showTitle);
  model.on("labs", showLabs);
  model.on(["models", "model"], showModels);
  model.on(["presets", "preset"], showPresets);
  model.on(["can_undo", "can_redo"], showHistory);
  model.on("history", () => past.show(plain(model.history) ?? []));
  for (const show of [showTitle, showLabs, showModels, showPresets, showHistory, showTools]) show();

  modelField.select.addEventListener("change", () => send({ type: "model", value: modelField.value() }));
  presetField.select.addEventListener("change", () => {
    if (presetField.value()) send({ type: "preset", id: presetField.value() });
    else showPresets();
  });

  // -- undo and redo from the keyboard, except where text is edited

  const onKey = (event) => {
    if (!bar.isConnected) {
      window.removeEventListener("keydown", onKey); // drawn anew: the new bar listens
      return;
    }
    if (!(event.ctrlKey || event.metaKey) || event.altKey || editsText(event.composedPath()[0])) return;
    const key = event.key.toLowerCase();
    const type = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null;
    if (!type) return;
    event.preventDefault();
    if (type === "undo" ? model.can_undo : model.can_redo) send({ type });
  };
  window.addEventListener("keydown", onKey);

  // -- link

  // The address follows the state after a pause: browsers refuse a page that changes it many
  // times a second. Outside of our own page, as in a notebook, the address is not ours.
  function showQuery() {
    if (!document.querySelector(".shell")) return;
    window.history.replaceState(window.history.state, "", `${window.location.pathname}${model.query && "?"}${model.query}`);
    const lab = (plain(model.labs) ?? []).find((each) => each.current);
    try {
      localStorage.setItem(`spikescope.last.${lab?.id}`, JSON.stringify({ version: 1, query: model.query }));
    } catch {
      // full or forbidden: the address still says it
    }
  }
  model.on("query", () => {
    clearTimeout(showQuery.timer);
    showQuery.timer = setTimeout(showQuery, 250);
  });
  const leave = () => bar.isConnected && showQuery.timer && showQuery(); // in the midst of the pause
  window.addEventListener("pagehide", leave);

  async function copyLink() {
    clearTimeout(showQuery.timer);
    if (showQuery.timer) showQuery(); // the link says what is on the screen now
    const copied = await copy(window.location.href);
    setText(confirmation, copied ? "Link copied" : "Copy it from the address bar");
    bar.classList.toggle("copied", copied);
    clearTimeout(copyLink.timer);
    copyLink.timer = setTimeout(() => {
      setText(confirmation, "");
      bar.classList.remove("copied");
    }, 2400);
  }

  // -- theme

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const current = () => document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");

  function showTheme() {
    const other = current() === "dark" ? "light" : "dark";
    link.parentElement.dataset.theme = current();
    theme.setAttribute("aria-label", `Switch to the ${other} theme`);
    theme.title = `Switch to the ${other} theme`;
  }

  function toggleTheme() {
    const next = current() === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(THEME_KEY, next);
    } catch {
      // the choice then lasts as long as the page
    }
    document.documentElement.dataset.theme = next;
    showTheme();
  }

  const observer = new MutationObserver(showTheme);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  showTheme();

  model.on("remove", () => {
    window.removeEventListener("keydown", onKey);
    window.removeEventListener("pagehide", leave);
    observer.disconnect();
  });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // pages served without TLS have no clipboard: select a text and copy that
  }
  const area = element("textarea", { "aria-hidden": "true", style: "position:fixed;opacity:0" });
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}

function editsText(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
  return target instanceof HTMLInputElement && !["range", "checkbox", "radio", "button"].includes(target.type);
}

// ------------------------------------------------------------------------------------ pieces

function field(label) {
  const root = element("label", { class: "field" });
  const select = element("select", { "aria-label": label }); // the word beside it hides when narrow
  let values = [];
  root.append(element("span", {}, label), select);
  let filled = "";
  return {
    root,
    select,
    value: () => values[select.selectedIndex],
    fill(entries, newValues, chosen) {
      values = newValues;
      const source = JSON.stringify(entries);
      if (source !== filled) {
        filled = source;
        select.replaceChildren(...grouped(entries));
      }
      select.selectedIndex = values.indexOf(chosen);
      select.title = entries[select.selectedIndex]?.hint ?? "";
    },
  };
}

// Options under the headings that their entries name; entries of a group follow each other.
function grouped(entries) {
  const nodes = [];
  let group = null;
  for (const entry of entries) {
    const option = element("option", entry.hint ? { title: entry.hint } : {}, entry.label);
    if (!entry.group) {
      group = null;
      nodes.push(option);
      continue;
    }
    if (group?.label !== entry.group) nodes.push((group = element("optgroup", { label: entry.group })));
    group.append(option);
  }
  return nodes;
}

function tool(icon, label, title, action) {
  const button = element("button", { type: "button", class: `tool ${icon}`, "aria-label": label, title });
  button.append(drawing(ICONS[icon]));
  if (icon === "link") button.append(drawing(ICONS.done, "done-icon"));
  button.addEventListener("click", () => button.getAttribute("aria-disabled") !== "true" && action());
  return button;
}

// What was shown, newest first: a list to go back and forth in.
class Past {
  constructor(send) {
    this.send = send;
    this.button = tool("history", "History", "History", () => {});
    this.panel = element("div", { class: "history-list", popover: "auto", role: "dialog", "aria-label": "History" });
    this.list = element("ol", { class: "entries" });
    this.panel.append(this.list);
    this.button.popoverTargetElement = this.panel;
    this.button.setAttribute("aria-haspopup", "dialog");
    this.panel.addEventListener("beforetoggle", ({ newState }) => newState === "open" && this.place());
    this.panel.addEventListener("toggle", ({ newState }) => {
      this.opening = newState === "open";
      send({ type: "history", open: this.opening });
      if (!this.opening) this.list.replaceChildren();
    });
    this.panel.addEventListener("keydown", (event) => this.move(event));
  }

  place() {
    const { bottom, right } = this.button.getBoundingClientRect();
    const end = Math.max(8, Math.min(window.innerWidth - right, window.innerWidth - 328));
    this.panel.style.top = `${bottom + 4}px`;
    this.panel.style.right = `${end}px`;
  }

  show(entries) {
    const { activeElement } = this.panel.getRootNode();
    const focused = this.list.contains(activeElement) ? activeElement.dataset.id : null;
    const nodes = [];
    let left = false;
    for (const { id, label, place } of entries) {
      if (place === "left" && !left) {
        left = true;
        nodes.push(element("li", { class: "heading" }, "Left behind by a change after an undo"));
      }
      const item = element("li", {});
      const button = element("button", { type: "button", class: place, "data-id": id }, label);
      if (place === "now") button.setAttribute("aria-current", "step");
      button.addEventListener("click", () => this.send({ type: "go", id }));
      item.append(button);
      nodes.push(item);
    }
    this.list.replaceChildren(...nodes);
    const wanted = focused === null ? null : this.list.querySelector(`[data-id="${focused}"]`);
    const target = wanted ?? (this.opening || focused !== null ? this.list.querySelector("[aria-current]") : null);
    this.opening = this.opening && !entries.length;
    target?.focus();
  }

  move(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      this.panel.hidePopover();
      this.button.focus();
      return;
    }
    const buttons = [...this.list.querySelectorAll("button")];
    const now = buttons.indexOf(this.panel.getRootNode().activeElement);
    const steps = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: buttons.length - 1 };
    const next = buttons[steps[event.key]];
    if (!(event.key in steps)) return;
    event.preventDefault();
    next?.focus();
  }
}

// aria-disabled keeps the focus where it is when the last step is undone.
function setEnabled(button, enabled) {
  button.setAttribute("aria-disabled", String(!enabled));
}

function drawing(path, name = "icon") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", name);
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

// An action potential in a round screen.
function glyph() {
  const svg = drawing("M1.5 17.5h5l2.2-3 2.3-11 3 19 2-6.5 1.6 1.5h4.9", "glyph");
  svg.setAttribute("viewBox", "0 0 24 24");
  return svg;
}
