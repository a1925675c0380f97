// A time line to walk through: click an event, or press the arrow keys. The server shows the chosen event's card.
//
// A key that is held down is faster than the server. So every step of the walk has a number, and what the server says
// to an earlier step than the last one does not pull the mark back.
//
// data: { hues: { learn, speak }, events: [{ id, year, short, die, correction }],
//         chosen: id, steps: the last one answered,
//         labels: { picture, learn, speak, correction, options: [one sentence for each event] } }

const version = new URL(import.meta.url).search;
const { html } = await import("./parts/svg.js" + version);

const lines = new WeakMap();

export function update({ parentElement, data, setTriggerValue }) {
  const line = lines.get(parentElement) ?? new TimeLine(parentElement);
  lines.set(parentElement, line);
  line.tell = (step) => setTriggerValue("walk", step);
  line.show(data);
}

export function destroy(root) {
  lines.get(root)?.destroy();
  lines.delete(root);
}

class TimeLine {
  constructor(root) {
    this.holder = root.querySelector(".two-dice");
    this.holder.classList.add("time-line");
    this.list = html("div", "events", this.holder);
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-orientation", "horizontal");
    this.list.tabIndex = 0;
    this.steps = 0;
    this.legend = html("div", "legend", this.holder);
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.sized = new ResizeObserver(() => this.draw());
    this.sized.observe(this.holder);
  }

  destroy() {
    this.sized.disconnect();
    this.holder.replaceChildren();
  }

  show(data) {
    const told = JSON.stringify(data);
    if (told === this.told) return;
    this.told = told;
    this.data = data;
    if (data.steps >= this.steps) {
      this.steps = data.steps;
      this.at = Math.max(0, data.events.findIndex((event) => event.id === data.chosen));
    }
    this.list.setAttribute("aria-label", data.labels.picture);
    this.legend.replaceChildren();
    for (const die of ["learn", "speak"]) {
      const item = html("span", "item", this.legend);
      item.style.setProperty("--hue", data.hues[die]);
      html("span", "sample", item);
      item.append(document.createTextNode(data.labels[die]));
    }
    const item = html("span", "item", this.legend);
    html("span", "mark", item, "!");
    item.append(document.createTextNode(data.labels.correction));
    this.width = 0;
    this.draw();
  }

  key(event) {
    const last = this.data.events.length - 1;
    const to = { ArrowRight: this.at + 1, ArrowDown: this.at + 1, ArrowLeft: this.at - 1, ArrowUp: this.at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.walk(Math.min(last, Math.max(0, to)));
  }

  walk(to) {
    if (to === this.at) return;
    this.at = to;
    this.mark();
    this.tell({ to: this.data.events[to].id, steps: ++this.steps });
  }

  // One column for each year that something happened in, and the years between as a thin line.
  draw() {
    const width = Math.round(this.holder.clientWidth);
    if (!this.data || !width || width === this.width) return;
    this.width = width;
    const { events, hues, labels } = this.data;
    const focused = document.activeElement === this.list;
    this.list.replaceChildren();
    const first = events[0].year, last = events.at(-1).year;
    const wide = width >= 700, row = wide ? 46 : 40, most = this.most(events);
    this.list.style.height = `${most * row + 34}px`;
    const place = (year) => `${((year - first + 0.5) / (last - first + 1)) * 100}%`;
    html("div", "axis", this.list).setAttribute("role", "presentation");
    for (let year = first; year <= last; year++) {
      const tick = html("div", "year", this.list, wide ? String(year) : year % 3 ? "" : String(year));
      tick.setAttribute("role", "presentation");
      tick.style.left = place(year);
    }
    const stacked = new Map();
    this.options = events.map((event, i) => {
      const level = stacked.get(event.year) ?? 0;
      stacked.set(event.year, level + 1);
      const option = html("div", "event", this.list);
      option.id = `event-${event.id}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-label", labels.options[i]);
      option.title = labels.options[i];
      option.style.left = place(event.year);
      option.style.bottom = `${34 + level * row}px`;
      option.style.setProperty("--hue", hues[event.die]);
      const dot = html("span", "dot", option, event.correction ? "!" : "");
      dot.setAttribute("aria-hidden", "true");
      if (wide) html("span", "name", option, event.short).setAttribute("aria-hidden", "true");
      option.addEventListener("click", () => { this.list.focus({ preventScroll: true }); this.walk(i); });
      return option;
    });
    this.mark();
    if (focused) this.list.focus({ preventScroll: true });
  }

  most(events) {
    const counts = new Map();
    for (const { year } of events) counts.set(year, (counts.get(year) ?? 0) + 1);
    return Math.max(...counts.values());
  }

  mark() {
    this.options?.forEach((option, i) => option.setAttribute("aria-selected", String(i === this.at)));
    if (this.options) this.list.setAttribute("aria-activedescendant", this.options[this.at].id);
    this.holder.dataset.chosen = this.data.events[this.at].id;
  }
}
