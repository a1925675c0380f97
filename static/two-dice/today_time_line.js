// A time line to walk through: click an event, or press the arrow keys. The server shows the chosen event's card.
//
// A key that is held down is faster than the server. So every step of the walk has a number, and an answer to an earlier
// step than the last one does not pull the marker back.
//
// data: { hues: { learn, speak }, events: [{ id, year, short, die, correction }],
//         chosen: id, steps: the last one answered,
//         labels: { picture, learn, speak, correction, options: [one sentence for each event] } }

const version = new URL(import.meta.url).search;
const { Player, playersOf } = await import("./parts/player.js" + version);
const { html } = await import("./parts/svg.js" + version);

const WIDE = 700;       // px; a narrower time line runs down the page, so that there is room for the names
const FOOT = 34;        // px for the axis and the years under it
const ROW = 46;         // px for a row of events
const GAP = 8;          // px between two names, at least: the chosen one is bold, and so a little wider
const NARROW_ROW = 30;  // px for an event that has a row to itself

class TimeLine extends Player {
  constructor(root) {
    super(root, "time-line");
    this.list = html("div", "events", this.holder);
    this.list.setAttribute("role", "listbox");
    this.list.tabIndex = 0;
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.legend = html("div", "legend", this.holder);
    this.steps = 0;
  }

  show(data) {
    if (data.steps >= this.steps) {
      this.steps = data.steps;
      this.at = Math.max(0, data.events.findIndex((event) => event.id === data.chosen));
    }
    this.list.setAttribute("aria-label", data.labels.picture);
    this.makeLegend(data);
    this.width = 0;
    this.resize();
  }

  makeLegend({ hues, labels }) {
    this.legend.replaceChildren();
    for (const die of ["learn", "speak"]) {
      const item = html("span", "item", this.legend);
      item.style.setProperty("--hue", hues[die]);
      html("span", "sample", item);
      item.append(document.createTextNode(labels[die]));
    }
    const item = html("span", "item", this.legend);
    html("span", "mark", item, "!");
    item.append(document.createTextNode(labels.correction));
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
    this.draw();
    this.trigger("walk", { to: this.data.events[to].id, steps: ++this.steps });
  }

  build(width) {
    const wide = width >= WIDE, focused = document.activeElement === this.list;
    this.list.replaceChildren();
    this.list.classList.toggle("down", !wide);
    this.list.setAttribute("aria-orientation", wide ? "horizontal" : "vertical");
    html("div", "axis", this.list).setAttribute("role", "presentation");
    const place = wide ? this.placeAcross(width) : this.placeDown();
    this.options = this.data.events.map((event, i) => {
      const option = this.makeOption(event, i);
      place(option, event, i);
      return option;
    });
    if (focused) this.list.focus({ preventScroll: true });
  }

  makeOption(event, i) {
    const { hues, labels } = this.data, option = html("div", "event", this.list);
    option.id = `event-${event.id}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-label", labels.options[i]);
    option.title = labels.options[i];
    option.style.setProperty("--hue", hues[event.die]);
    html("span", "dot", option, event.correction ? "!" : "").setAttribute("aria-hidden", "true");
    html("span", "name", option, event.short).setAttribute("aria-hidden", "true");
    option.addEventListener("click", () => { this.list.focus({ preventScroll: true }); this.walk(i); });
    return option;
  }

  // From left to right: a column for each year. An event stands in the lowest row in which its name touches no other.
  placeAcross(width) {
    const { events } = this.data, first = events[0].year, last = events.at(-1).year, rows = [];
    const middle = (year) => ((year - first + 0.5) / (last - first + 1)) * width;
    for (let year = first; year <= last; year++) this.makeYear(year).style.left = `${middle(year)}px`;
    return (option, { year }) => {
      const left = middle(year) - (option.offsetWidth + GAP) / 2, right = left + option.offsetWidth + GAP;
      let row = 0;
      while (rows[row]?.some((other) => left < other.right && right > other.left)) row++;
      (rows[row] ??= []).push({ left, right });
      option.style.left = `${middle(year)}px`;
      option.style.bottom = `${FOOT + row * ROW}px`;
      this.list.style.height = `${rows.length * ROW + FOOT}px`;
    };
  }

  // From top to bottom: a row for each event, with the year where it is another one.
  placeDown() {
    const { events } = this.data;
    this.list.style.height = `${events.length * NARROW_ROW}px`;
    return (option, { year }, i) => {
      option.style.top = `${i * NARROW_ROW}px`;
      if (year !== events[i - 1]?.year) this.makeYear(year).style.top = option.style.top;
    };
  }

  makeYear(year) {
    const tick = html("div", "year", this.list, String(year));
    tick.setAttribute("role", "presentation");
    return tick;
  }

  // A row for each event.
  numbers() {
    const { events, labels } = this.data;
    return [
      [labels.year, labels.event, labels.learn, labels.speak, labels.correction],
      ...events.map(({ year, short, die, correction }) =>
        [year, short, Number(die === "learn"), Number(die === "speak"), Number(correction)]),
    ];
  }

  // Mark the chosen event.
  draw() {
    this.options?.forEach((option, i) => option.setAttribute("aria-selected", String(i === this.at)));
    if (this.options) this.list.setAttribute("aria-activedescendant", this.options[this.at].id);
    this.holder.dataset.chosen = this.data.events[this.at].id;
  }
}

export const { update, destroy } = playersOf(TimeLine);
