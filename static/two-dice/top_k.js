// From logits to one word, step by step: scores, divided by T, softmax, sorted, cut, renormalised, drawn.
//
// The server sends what it takes to know every step's numbers (lib/web/top_k/player.py); everything here is drawing.
// The bars are as many as fit with a readable word under each, so a phone shows fewer of them.
//
// data: { hue, quiet, wrong, logarithmic, temperature, pointer, drawn,          drawn: place in the sorted order
//         cut,                                                                  how many words are kept
//         words, ids, logits, before, after: [...],                             by place in the sorted order
//         ends: the ids of words that end a sentence, if the others can be clicked on to be said, else null,
//         truth: [...] | null, others: [{ before, after, kept }],               the probability of words not sent
//         locale, labels: { steps: [name], captions: [text], picture, truth, allowed, impossible, kept, cut, hover, force, ... } }
// It answers with trigger("forced", [id, n]), n counting, where a word is clicked on. (By keyboard: type it.)

const version = new URL(import.meta.url).search;
const { Player, playersOf } = await import("./parts/player.js" + version);
const { createTransport } = await import("./parts/transport.js" + version);
const { svg, html, fill, unbroken } = await import("./parts/svg.js" + version);

const INTERVAL = 1800;                     // ms a step at speed 1: time to read its sentence
const PITCH = 15.5;                        // px a bar with a word of 14 px under it
const [LOGITS, SCALED, SOFTMAX, SORTED, CUT, RENORMALISED, DRAW] = [0, 1, 2, 3, 4, 5, 6];
const SMALLEST = 1e-7;                     // the foot of the logarithmic axis

let made = 0;

// Cut off the end of a name that is too long for its place. A real model has tokens longer than any word of a storybook.
function shorten(text, most) {
  const characters = [...text.textContent], length = characters.length > 10 ? text.getComputedTextLength() : 0;
  if (length > most) text.textContent = characters.slice(0, Math.floor(characters.length * most / length) - 1).join("") + "…";
}

class NextWordPlayer extends Player {
  constructor(root) {
    super(root, "next-word");
    this.hatching = `hatching-${made++}`;
    this.steps = html("div", "steps", this.holder);
    this.picture = svg("svg", { role: "img", translate: "no" }, this.holder);
    this.caption = html("p", "caption", this.holder);
    this.caption.translate = false;  // its numbers change: a browser that translates would keep the old ones
    this.row = html("div", "", this.holder);
    this.list = html("div", "legend", this.holder);
  }

  show(data) {
    this.kept = data.words.map((_, rank) => rank < data.cut);  // the kept words come first
    this.scaled = data.logits.map((logit) => logit / data.temperature);
    this.width = 0;
    for (const hue of ["hue", "quiet", "wrong"]) this.holder.style.setProperty(`--${hue}`, data[hue]);
    this.controls([data.labels.steps, data.labels.transport], () => this.makeControls(data.labels));
    this.legend();
    this.resize();
  }

  // The names of the steps, to be clicked on, and the transport.
  makeControls({ steps, transport: labels }) {
    this.steps.replaceChildren();
    this.names = steps.map((name, step) => {
      if (step) html("span", "", this.steps, "→").setAttribute("aria-hidden", "true");
      const button = html("button", "", this.steps, name);
      button.type = "button";
      button.addEventListener("click", () => { this.transport.pause(); this.transport.go(step); });
      return button;
    });
    const transport = createTransport(this.row, { labels, interval: INTERVAL, onFrame: (step) => this.draw(step) });
    transport.setLength(DRAW + 1);
    transport.go(DRAW);
    return transport;
  }

  // Everything that is drawn, made once for a width; draw() then only moves it.
  build(width) {
    const { data, picture } = this, { labels } = data;
    const wide = width >= 560;
    const names = data.logarithmic ? 0 : 92;  // px for the words under the bars
    const room = { left: data.logarithmic ? 66 : 52, right: width - 4, top: 22, foot: (wide ? 182 : 196) + 92 - names };
    const cdf = { top: room.foot + 24 + names, height: 24 };
    const height = cdf.top + cdf.height + 26;
    this.room = room; this.cdf = cdf;
    this.count = data.logarithmic ? data.words.length : Math.min(data.words.length, Math.floor((room.right - room.left) / PITCH));
    this.pitch = (room.right - room.left) / this.count;
    const thick = Math.max(0.8, this.pitch - (this.pitch > 6 ? 4 : 0));
    // Most words are never pointed at, so the title of one is made when it is.
    const titled = (element, rank) => element.addEventListener("pointerenter", () => svg("title", {}, element, this.title(rank)), { once: true });
    // Before they are sorted, the same words stand in the order of the vocabulary.
    const byId = [...Array(this.count).keys()].sort((a, b) => data.ids[a] - data.ids[b]);
    this.unsorted = byId.reduce((places, rank, place) => ((places[rank] = place), places), []);

    picture.replaceChildren();
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.setAttribute("height", height);
    const hatching = svg("pattern", { id: this.hatching, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("defs", {}, picture));
    svg("line", { x1: 0, x2: 0, y1: 0, y2: 5, class: "hatch" }, hatching);

    this.axis = svg("g", { class: "axis" }, picture);
    this.border = svg("line", { class: "border", y1: room.top - 8, y2: room.foot + 22 }, picture);
    this.borderName = svg("text", { y: room.top - 10 }, picture);
    this.bars = [...Array(this.count).keys()].map((rank) => {
      const group = svg("g", { class: "word" }, picture);
      const bar = svg("rect", { class: "bar", x: -thick / 2, width: thick }, group);
      const truth = data.truth && svg("rect", { class: this.pitch > 6 ? "truth" : "truth thin", x: -this.pitch / 2 + 0.5, width: Math.max(2, this.pitch - 1) }, group);
      titled(group, rank);
      if (this.forcible(rank)) {
        group.classList.add("forcible");
        group.addEventListener("click", () => this.trigger("forced", [data.ids[rank], this.forced = (this.forced ?? 0) + 1]));
      }
      if (data.truth && this.pitch > 6) {
        const possible = data.truth[rank] > 0;
        svg("path", possible
          ? { class: "possible", d: `M-3.6 ${room.foot + 13}a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0 -7.2 0` }
          : { class: "impossible", d: `M-4 ${room.foot + 9}l8 8m0 -8l-8 8` }, group);
      }
      if (names) shorten(svg("text", { transform: `translate(5 ${room.foot + 24}) rotate(-90)`, "text-anchor": "end" }, group, data.words[rank]), names - 12);
      return { group, bar, truth };
    });

    svg("text", { x: room.left - 6, y: cdf.top + 17, "text-anchor": "end" }, picture, "Σ");
    this.track = svg("rect", { class: "track", x: room.left, y: cdf.top, width: room.right - room.left, height: cdf.height }, picture);
    const pieces = svg("g", {}, picture);
    this.pieces = [...data.words.keys()].filter((rank) => data.before[rank] > 1e-5)
      .map((rank) => ({ rank, piece: svg("rect", { class: "piece", y: cdf.top, height: cdf.height }, pieces) }));
    this.pieces.forEach(({ rank, piece }) => titled(piece, rank));
    // The words that have no bar: those that are kept, then those that are cut.
    this.others = data.others.map((each) => ({ ...each, piece: svg("rect", { class: "piece odd", y: cdf.top, height: cdf.height }, pieces) }));
    this.pointer = svg("g", { class: "pointer" }, picture);
    svg("path", { d: `M0 ${cdf.top + cdf.height - 6}l8 14h-16z` }, this.pointer);
    this.pointerName = svg("text", { y: cdf.top + cdf.height + 22 }, picture);
  }

  // Whether a click can say this word.
  forcible(rank) { return this.data.ends !== null && !this.data.ends.includes(this.data.ids[rank]); }

  // All numbers of the word at this place in the sorted order.
  title(rank) {
    const numbers = this.numbersOf(rank);
    return this.forcible(rank) ? `${numbers}\n${this.data.labels.force}` : numbers;
  }

  numbersOf(rank) {
    const { data } = this, number = new Intl.NumberFormat(data.locale, { maximumFractionDigits: 2 });
    const percent = new Intl.NumberFormat(data.locale, { style: "percent", maximumSignificantDigits: 3 });
    return fill(data.truth ? data.labels.hoverTruth : data.labels.hover, {
      word: data.words[rank], logit: number.format(data.logits[rank]), scaled: number.format(this.scaled[rank]),
      before: percent.format(data.before[rank]), after: percent.format(data.after[rank]),
      truth: data.truth ? percent.format(data.truth[rank]) : "",
    });
  }

  // The axis of a step: where a value lies, and which values are written beside it. Both score steps share one axis, so
  // that dividing by T is seen to stretch or shrink; all probability steps share one, so that renormalising lifts.
  scale(step) {
    const { data, room, count } = this, scores = step <= SCALED;
    const shown = (values) => values.slice(0, count);
    if (!scores && data.logarithmic) {
      const low = Math.log10(SMALLEST);
      const at = (p) => room.foot - (1 - Math.max(Math.log10(Math.max(p, SMALLEST)), low) / low) * (room.foot - room.top);
      return { at, ticks: [1, 1e-2, 1e-4, 1e-6], zero: room.foot, scores };
    }
    const values = scores ? [...shown(data.logits), ...shown(this.scaled)]
      : [...shown(data.before), ...shown(data.after), ...(data.truth ? shown(data.truth) : [])];
    const high = Math.max(0, ...values) || 1, low = Math.min(0, ...values);
    const size = 10 ** Math.floor(Math.log10((high - low) / 2)), every = [1, 2, 5, 10].find((n) => (high - low) / (n * size) <= 4) * size;
    const ticks = [];
    for (let tick = Math.ceil(low / every); tick * every <= high * 1.0001; tick++) ticks.push(tick * every);
    const at = (value) => room.foot - ((value - low) / (high - low)) * (room.foot - room.top);
    return { at, ticks, zero: at(0), scores };
  }

  draw(step) {
    if (!this.width) return;  // not laid out yet
    const { data, room, cdf } = this, { labels } = data, scale = this.scale(step);
    const number = new Intl.NumberFormat(data.locale, { maximumFractionDigits: 6 });
    const percent = new Intl.NumberFormat(data.locale, { style: "percent", maximumSignificantDigits: 2 });
    this.axis.replaceChildren();
    for (const tick of scale.ticks) {
      svg("line", { x1: room.left, x2: room.right, y1: scale.at(tick), y2: scale.at(tick) }, this.axis);
      svg("text", { x: room.left - 6, y: scale.at(tick) + 5, "text-anchor": "end" }, this.axis,
        scale.scores ? number.format(tick) : percent.format(tick));
    }

    const place = (rank) => room.left + this.pitch * ((step >= SORTED ? rank : this.unsorted[rank]) + 0.5);
    const values = [data.logits, this.scaled, data.before, data.before, data.before, data.after, data.after][step];
    this.bars.forEach(({ group, bar, truth }, rank) => {
      const out = step >= CUT && !this.kept[rank];
      // A word that is out stays as a ghost at its old height.
      const end = scale.at(out ? data.before[rank] : values[rank]);
      group.style.transform = `translate(${place(rank)}px, 0px)`;
      group.classList.toggle("out", out);
      group.classList.toggle("drawn", step === DRAW && rank === data.drawn);
      bar.style.fill = out ? `url(#${this.hatching})` : "";
      bar.style.y = `${Math.min(end, scale.zero)}px`;
      bar.style.height = `${Math.max(0.5, Math.abs(end - scale.zero))}px`;
      if (!truth) return;
      const top = scale.scores ? scale.zero : scale.at(data.truth[rank]);
      truth.setAttribute("visibility", scale.scores || data.truth[rank] === 0 ? "hidden" : "visible");
      truth.style.y = `${top}px`;
      truth.style.height = `${Math.max(3, this.pitch > 6 ? room.foot - top : 0)}px`;
    });

    const last = Math.min(data.cut, data.words.length), visible = step >= SORTED && last < this.count;
    const edge = room.left + this.pitch * last;
    this.border.setAttribute("visibility", visible ? "visible" : "hidden");
    for (const end of ["x1", "x2"]) this.border.setAttribute(end, edge);
    const right = edge < (room.left + room.right) / 2;
    this.borderName.setAttribute("x", visible ? edge + (right ? 6 : -6) : room.right);
    this.borderName.setAttribute("text-anchor", visible && right ? "start" : "end");
    this.borderName.textContent = step < SORTED ? "" : visible ? labels.border : data.logarithmic && data.cut <= this.count ? "" : fill(labels.beyond, { n: number.format(this.count) });

    this.drawCdf(step);
    this.names.forEach((name, i) => {
      name.classList.toggle("done", i < step);
      if (i === step) name.setAttribute("aria-current", "step"); else name.removeAttribute("aria-current");
    });
    const caption = unbroken(labels.captions[step]);
    this.caption.textContent = caption;
    this.caption.setAttribute("aria-live", this.transport.playing ? "off" : "polite");
    this.picture.setAttribute("aria-label", `${labels.picture} ${caption}`);
    this.holder.dataset.step = step;
  }

  // The cumulative distribution: every word is as wide as it is likely, so a random pointer lands on likely words more often.
  drawCdf(step) {
    const { data, room, cdf } = this, length = room.right - room.left;
    const widths = step >= RENORMALISED ? data.after : data.before;
    const lay = (piece, from, share, kept) => {
      const out = step >= CUT && !kept;
      piece.setAttribute("visibility", step < SORTED || (step >= RENORMALISED && out) ? "hidden" : "visible");
      piece.style.x = `${room.left + from * length}px`;
      piece.style.width = `${Math.max(0, share * length - 0.6)}px`;
      piece.style.fill = out ? `url(#${this.hatching})` : "";
    };
    let from = 0, at = 0;
    this.pieces.forEach(({ rank, piece }) => {
      for (; at < rank; at++) from += widths[at];
      lay(piece, from, widths[rank], this.kept[rank]);
      piece.classList.toggle("drawn", step === DRAW && rank === data.drawn);
      piece.classList.toggle("odd", rank % 2 === 1);
    });
    for (; at < widths.length; at++) from += widths[at];
    this.others.forEach(({ piece, before, after, kept }) => {
      const share = step >= RENORMALISED ? after : before;
      lay(piece, from, share, kept);
      from += share;
    });
    const x = room.left + data.pointer * length, drawing = step === DRAW;
    this.pointer.style.transform = `translate(${drawing ? x : room.left}px, 0px)`;
    this.pointer.setAttribute("visibility", drawing ? "visible" : "hidden");
    const right = data.pointer < 0.5;
    this.pointerName.setAttribute("x", x + (right ? 12 : -12));
    this.pointerName.setAttribute("text-anchor", right ? "start" : "end");
    this.pointerName.textContent = drawing ? data.labels.pointed : "";
  }

  // A row for each word, likeliest first, then one for all words that have no row, kept and cut.
  numbers() {
    const { data, kept, scaled } = this, { labels, truth } = data;
    const [logits, divided, softmax, , , renormalised, draw] = labels.steps;
    return [
      [labels.word, logits, divided, softmax, labels.kept, renormalised, draw, ...(truth ? [labels.truth] : [])],
      ...data.words.map((word, rank) => [word, data.logits[rank], scaled[rank], data.before[rank], Number(kept[rank]),
        data.after[rank], Number(rank === data.drawn), ...(truth ? [truth[rank]] : [])]),
      ...data.others.filter(({ before }) => before)
        .map((each) => [labels.others, "", "", Number(each.before.toPrecision(6)), Number(each.kept), Number(each.after.toPrecision(6)), "", ...(truth ? [""] : [])]),
    ];
  }

  legend() {
    const { labels, truth } = this.data, { list } = this;
    list.replaceChildren();
    const item = (words, tag, attributes) => {
      const entry = html("span", "item", list);
      const group = svg("g", {}, svg("svg", { width: 22, height: 20, "aria-hidden": "true" }, entry));
      const shape = svg(tag, attributes, group);
      entry.append(document.createTextNode(words));
      return shape;
    };
    item(labels.kept, "rect", { class: "bar", x: 4, y: 2, width: 13, height: 16 });
    const cut = item(labels.cut, "rect", { class: "bar", x: 4, y: 2, width: 13, height: 16 });
    cut.parentElement.classList.add("out");
    cut.style.fill = `url(#${this.hatching})`;
    if (!truth) return;
    item(labels.truth, "rect", { class: "truth", x: 3, y: 2, width: 15, height: 16 });
    item(labels.allowed, "circle", { class: "possible", cx: 11, cy: 10, r: 4 });
    item(labels.impossible, "path", { class: "impossible", d: "M6 5l10 10m0 -10l-10 10" });
  }
}

export const { update, destroy } = playersOf(NextWordPlayer);
