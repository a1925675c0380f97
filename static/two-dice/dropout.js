// Forward passes of one input through a small network: dropped neurons hollow, their edges gone, and the output changing
// with every pass, while the mean of the passes so far settles.
//
// The server sends a recording once (lib/web/dropout/player.py); everything here is drawing. The picture is drawn at
// the size it is shown, so that its text is as large on a phone as on a projector.
//
// data: { kind: "digits" | "mnist" | "moons", training, hue, restHue, classHues, sizes: [64, 16, 16, 10], rates, factors,
//         passes, input: [...], points: [[x1, x2, class], ...], chosen,
//         masks: [base64 bits (passes, units) for each layer that can drop],
//         activations: [base64 uint8 (passes, units) for each hidden layer], of both only one row if all are the same,
//         scales: [largest activation of each hidden layer], outputs: base64 uint16 (passes, classes),
//         full: [...], weights: [base64 int8 (units above, units below)], benched: [[layer, unit], ...], labels, locale }

const version = new URL(import.meta.url).search;
const { Player, playersOf } = await import("./parts/player.js" + version);
const { createTransport } = await import("./parts/transport.js" + version);
const { svg, html, fill } = await import("./parts/svg.js" + version);

const INTERVAL = 1000;    // ms a pass at speed 1
const STRONGEST = 160;    // edges drawn between two layers that have more than MANY
const MANY = 400;

const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const sixteen = (text) => new Uint16Array(bytes(text).buffer);
const eight = (text) => new Int8Array(bytes(text).buffer);

// The recording, unpacked: what each layer held, kept and passed on.
class Recording {
  constructor(data) {
    Object.assign(this, data);
    this.depth = data.sizes.length - 1;                   // layers that can drop
    this.bits = data.masks.map(bytes);
    this.held = data.activations.map(bytes);
    this.probabilities = sixteen(data.outputs);
    this.strength = data.weights.map(eight);
    this.classes = data.sizes.at(-1);
    this.largest = [Math.max(...data.input.map(Math.abs)), ...data.scales].map((most, i) => most * data.factors[i] || 1);
  }
  kept(pass, layer, unit) {
    const bits = this.bits[layer], row = Math.ceil(this.sizes[layer] / 8);
    return (bits[(bits.length > row ? pass * row : 0) + (unit >> 3)] >> (unit & 7)) & 1;
  }
  activation(pass, layer, unit) {
    if (layer === 0) return this.input[unit];
    const held = this.held[layer - 1], row = this.sizes[layer];
    return (held[(held.length > row ? pass * row : 0) + unit] / 255) * this.scales[layer - 1];
  }
  // What the next layer gets: 0 from a dropped neuron, the activation times the factor from a kept one.
  result(pass, layer, unit) {
    return this.kept(pass, layer, unit) * this.activation(pass, layer, unit) * this.factors[layer];
  }
  output(pass, unit) { return this.probabilities[pass * this.classes + unit] / 65535; }
  mean(pass, unit) {
    let sum = 0;
    for (let i = 0; i <= pass; i++) sum += this.output(i, unit);
    return sum / (pass + 1);
  }
  count(pass, layer) {
    let kept = 0;
    for (let unit = 0; unit < this.sizes[layer]; unit++) kept += this.kept(pass, layer, unit);
    return kept;
  }
}

class NetworkPlayer extends Player {
  constructor(root) {
    super(root, "network");
    this.picture = svg("svg", { role: "img", translate: "no" }, this.holder);
    this.caption = html("p", "caption", this.holder);
    this.caption.translate = false;  // its numbers change: a browser that translates would keep the old ones
    this.row = html("div", "", this.holder);
    this.list = html("div", "legend", this.holder);
  }

  show(data) {
    this.data = new Recording(data);
    this.holder.style.setProperty("--hue", data.hue);
    this.holder.style.setProperty("--rest-hue", data.restHue);
    this.controls(data.labels.transport, () => createTransport(this.row, {
      labels: data.labels.transport, interval: INTERVAL, onFrame: (pass) => this.draw(pass),
      onRest: (pass) => this.trigger("rest", pass + 1),  // the table below shows the same pass, counted from 1
    }));
    // What the shapes are made from; all else only styles them anew, and is no reason to make them anew.
    const { kind, sizes, points, chosen, benched, labels: { picture, ...names } } = data;
    const shapes = JSON.stringify([kind, sizes, points, points.length ? chosen : 0, !benched.length, names]), other = shapes !== this.shapes;
    this.shapes = shapes;
    if (other) this.width = 0;
    this.transport.setLength(data.passes);
    if (!other) return this.draw(this.transport.position);
    this.legend();
    this.resize();
  }

  // Lines and shapes, made once for a width and a network; draw() then only styles them.
  build(width) {
    const { data, picture } = this, { sizes, labels } = data, wide = width >= 560;
    const height = wide ? 400 : 350, top = 42, foot = 24, room = height - top - foot;
    picture.replaceChildren();
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.setAttribute("height", height);

    const side = wide ? Math.min(room, 0.24 * width, 230) : Math.min(96, 0.25 * width);
    const left = 4, middle = top + room / 2, digits = data.kind !== "moons";
    const outputs = width - (wide ? 260 : 96), start = left + side + (digits ? 0 : wide ? 46 : 26);
    // On a phone the names of the hidden layers need most of the room.
    const columns = [start, ...(wide ? [0.32, 0.68] : [0.28, 0.72]).map((share) => start + (outputs - start) * share), outputs];
    const spread = (n, layer, unit) => {
      const gap = room / Math.max(n, layer === 0 ? 4 : n);
      return middle + (unit - (n - 1) / 2) * gap;
    };
    const across = Math.sqrt(sizes[0]), cell = side / across, small = across > 8, gap = small ? 0 : 0.75;
    const at = (layer, unit) => (layer === 0 && digits
      ? [left + (unit % across + 0.5) * cell, middle - side / 2 + (Math.floor(unit / across) + 0.5) * cell]
      : [columns[layer], spread(sizes[layer], layer, unit)]);
    const radius = (layer) => (layer === 0 ? (wide ? 13 : 9) : Math.min(12, room / sizes[layer] / 2 - 1.5));

    // Edges first, so that neurons lie on top of them.
    this.edges = data.strength.map((weights, layer) => {
      const many = weights.length > MANY, lines = [];
      for (let i = 0; i < (many ? STRONGEST : weights.length); i++) lines.push(svg("line", { class: "edge" }, picture));
      return { many, lines, at: (below, above, line) => {
        const [x1, y1] = at(layer, below), [x2, y2] = at(layer + 1, above);
        line.setAttribute("x1", x1); line.setAttribute("y1", y1);
        line.setAttribute("x2", x2); line.setAttribute("y2", y2);
      } };
    });
    this.edges.forEach(({ many, lines, at: place }, layer) => {
      if (!many) lines.forEach((line, i) => place(i % sizes[layer], Math.floor(i / sizes[layer]), line));
    });

    if (!digits) this.plane(left, middle - side / 2, side);
    else if (small) svg("rect", { x: left - 1, y: middle - side / 2 - 1, width: side + 2, height: side + 2, class: "screen" }, picture);
    this.units = sizes.slice(0, -1).map((n, layer) => [...Array(n).keys()].map((unit) => {
      const [x, y] = at(layer, unit);
      const shape = layer === 0 && digits
        ? svg("rect", { x: x - cell / 2 + gap, y: y - cell / 2 + gap, width: cell - 2 * gap, height: cell - 2 * gap, class: small ? "unit pixel small" : "unit pixel" }, picture)
        : svg("circle", { cx: x, cy: y, r: radius(layer), class: "unit" }, picture);
      // A tap benches a hidden neuron, and a second one brings it back. (By keyboard: the line under "More".)
      if (layer) {
        shape.classList.add("tappable");
        shape.addEventListener("click", () => this.trigger("tapped", [layer, unit]));
      }
      return { shape, title: svg("title", {}, shape) };
    }));

    this.inputs = [...Array(digits ? 0 : sizes[0]).keys()].map((unit) => {
      const [x, y] = at(0, unit);
      return svg("text", { x, y: y - radius(0) - 6, "text-anchor": "middle", class: "rate" }, picture);
    });

    // Over each layer its name and p, under it what its kept neurons are multiplied by.
    this.notes = data.rates.map((_, layer) => {
      const x = layer === 0 ? left + (digits ? side / 2 : (start - left + 14) / 2) : columns[layer];
      const text = (y, name, words = "") => svg("text", { x, y, "text-anchor": "middle", class: name }, picture, words);
      text(16, "layer", labels.layers[layer]);
      return { rate: text(35, "rate"), factor: text(height - 6, "rate"), gone: text(middle, "gone") };
    });

    this.bars = [...Array(sizes.at(-1)).keys()].map((unit) => this.bar(unit, outputs, at(this.data.depth, unit)[1], width, wide));
    svg("text", { x: wide ? outputs + 34 : width, y: 16, "text-anchor": wide ? "start" : "end", class: "layer" }, picture, labels.layers.at(-1));
  }

  bar(unit, x, y, width, wide) {
    const { picture } = this, { labels } = this.data, tall = wide ? 20 : 16;
    const from = x + 30, length = width - from - (wide ? 58 : 6);
    const dot = svg("circle", { cx: x, cy: y, r: 7, class: "unit" }, picture);
    svg("text", { x: x + 12, y: y + 5, class: "name" }, picture, labels.classes[unit]);
    svg("rect", { x: from, y: y - tall / 2, width: length, height: tall, rx: 3, class: "track" }, picture);
    const bar = svg("rect", { x: from, y: y - tall / 2, width: 0, height: tall, rx: 3, class: "bar" }, picture);
    const value = wide ? svg("text", { x: width, y: y + 5, "text-anchor": "end", class: "value" }, picture) : null;
    const full = svg("path", { d: `M0 ${-tall / 2 - 4}V${tall / 2 + 4}`, class: "full" }, picture);
    const mean = svg("path", { d: "M0 -7L7 0L0 7L-7 0Z", class: "mean" }, picture);
    const moveTo = (shape, share) => {
      shape.setAttribute("transform", `translate(${from + length * share} ${y})`);
      shape.classList.toggle("faint", share < 0.01);
    };
    return { dot, bar, full, mean, value, moveTo, length };
  }

  // The plane of the moons: all points a student can choose, the chosen one ringed.
  plane(x, y, side) {
    const { points, classHues, chosen } = this.data;
    const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
    const low = Math.min(...xs, ...ys) - 0.3, span = Math.max(...xs, ...ys) + 0.3 - low;
    svg("rect", { x, y, width: side, height: side, rx: 6, class: "track" }, this.picture);
    points.forEach(([x1, x2, label], i) => {
      const place = { cx: x + ((x1 - low) / span) * side, cy: y + side - ((x2 - low) / span) * side };
      if (i === chosen) svg("circle", { ...place, r: 10, class: "ring" }, this.picture);
      svg("circle", { ...place, r: 5, fill: classHues[label] }, this.picture);
    });
  }

  draw(pass) {
    if (!this.width) return;  // not laid out yet
    const { data } = this, { labels } = data;
    const number = new Intl.NumberFormat(data.locale, { maximumFractionDigits: 2 });
    const percent = new Intl.NumberFormat(data.locale, { style: "percent", maximumFractionDigits: 0 });

    this.units.forEach((layer, depth) => layer.forEach(({ shape, title }, unit) => {
      const kept = data.kept(pass, depth, unit), result = data.result(pass, depth, unit);
      const benched = data.training && data.benched.some(([i, j]) => i === depth && j === unit);
      shape.classList.toggle("dropped", !kept);
      shape.classList.toggle("benched", benched);
      shape.style.setProperty("--share", `${Math.round((100 * Math.abs(result)) / data.largest[depth])}%`);
      title.textContent = kept ? number.format(result) : benched ? labels.benched : labels.dropped;
    }));
    this.inputs.forEach((input, unit) => { input.textContent = number.format(data.input[unit]); });
    this.notes.forEach(({ rate, factor, gone }, depth) => {
      rate.textContent = fill(labels.rate, { p: number.format(data.rates[depth]) });
      factor.textContent = data.factors[depth] === 1 ? "" : `× ${number.format(data.factors[depth])}`;
      gone.textContent = data.count(pass, depth) ? "" : labels.allOut;
    });
    this.edges.forEach((edges, depth) => this.drawEdges(edges, depth, pass));

    const means = this.bars.map((_, unit) => data.mean(pass, unit));
    this.bars.forEach(({ dot, bar, full, mean, value, moveTo, length }, unit) => {
      const share = data.output(pass, unit);
      dot.style.setProperty("--share", `${Math.round(100 * share)}%`);
      bar.setAttribute("width", Math.max(0.5, length * share));
      moveTo(full, data.full[unit]);
      moveTo(mean, means[unit]);
      if (value) value.textContent = percent.format(share);
    });

    this.describe(pass, means, percent);
    this.holder.dataset.pass = pass;
  }

  drawEdges({ many, lines, at }, depth, pass) {
    const { data } = this, below = data.sizes[depth], above = data.sizes[depth + 1];
    const weights = data.strength[depth], last = depth + 1 === data.depth;
    const sends = [...Array(below).keys()].map((unit) => Math.abs(data.result(pass, depth, unit)) / data.largest[depth]);
    const hears = [...Array(above).keys()].map((unit) => last || data.kept(pass, depth + 1, unit));
    const flow = [];
    for (let to = 0; to < above; to++) for (let from = 0; from < below; from++) {
      flow.push(hears[to] ? (Math.abs(weights[to * below + from]) / 127) * sends[from] : 0);
    }
    const fade = (line, strength) => line.setAttribute("stroke-opacity", strength ? (0.08 + 0.72 * Math.sqrt(strength)).toFixed(2) : 0);
    if (!many) { lines.forEach((line, i) => fade(line, flow[i])); return; }
    const order = [...flow.keys()].filter((i) => flow[i]).sort((a, b) => flow[b] - flow[a]);
    lines.forEach((line, i) => {
      const edge = order[i] ?? 0;  // the rest lie unseen on the first one
      at(edge % below, Math.floor(edge / below), line);
      fade(line, i < order.length ? flow[edge] : 0);
    });
  }

  // A row for each pass.
  numbers() {
    const { data } = this, { labels } = data, each = (name) => labels.classes.map((title) => `${name}: ${title}`);
    const share = (value) => Number(value.toFixed(5));  // as exact as what was sent
    const layers = data.rates.map((_, layer) => layer), classes = [...Array(data.classes).keys()];
    return [
      [labels.number, ...layers.map((layer) => `${labels.layers[layer]}: ${labels.dropped}`),
        ...each(labels.thisPass), ...each(labels.mean), ...each(labels.full)],
      ...[...Array(data.passes).keys()].map((pass) => [
        pass + 1, ...layers.map((layer) => data.sizes[layer] - data.count(pass, layer)),
        ...classes.map((unit) => share(data.output(pass, unit))), ...classes.map((unit) => share(data.mean(pass, unit))), ...data.full,
      ]),
    ];
  }

  // The same in words: under the picture, and for those who cannot see it.
  describe(pass, means, percent) {
    const { data } = this, { labels, sizes } = data;
    const best = (values) => values.reduce((most, value, i) => (value > values[most] ? i : most), 0);
    const outputs = means.map((_, unit) => data.output(pass, unit));
    const hidden = sizes.slice(1, -1).reduce((a, b) => a + b, 0);
    const kept = sizes.slice(1, -1).reduce((sum, _, i) => sum + data.count(pass, i + 1), 0);
    const sentence = fill(data.training ? labels.pass : labels.evalPass, {
      i: pass + 1, out: hidden - kept, n: hidden,
      class: labels.classes[best(outputs)], percent: percent.format(Math.max(...outputs)),
      mean: labels.classes[best(means)], meanPercent: percent.format(Math.max(...means)),
    });
    // Of several lost layers the last one decides: nothing before it matters any more.
    const gone = data.rates.findLastIndex((_, depth) => !data.count(pass, depth));
    const lost = gone < 0 ? "" : " " + fill(labels.gone, { layer: labels.layers[gone] });
    this.caption.textContent = sentence + lost;
    this.caption.classList.toggle("warning", gone >= 0);
    this.caption.setAttribute("aria-live", this.transport.playing ? "off" : "polite");
    this.picture.setAttribute("aria-label", `${labels.picture} ${this.caption.textContent}`);
  }

  legend() {
    const { labels } = this.data, { list } = this;
    list.replaceChildren();
    const item = (name, tag, attributes, words) => {
      const entry = html("span", "item", list);
      const sample = svg("svg", { width: 22, height: 20, "aria-hidden": "true" }, entry);
      const shape = svg(tag, { class: name, ...attributes }, sample);
      entry.append(document.createTextNode(words));
      return shape;
    };
    item("unit", "circle", { cx: 11, cy: 10, r: 8 }, labels.kept).style.setProperty("--share", "70%");
    item("unit dropped", "circle", { cx: 11, cy: 10, r: 8 }, labels.dropped);
    if (this.data.benched.length) item("unit dropped benched", "circle", { cx: 11, cy: 10, r: 8 }, labels.benched);
    item("bar", "rect", { x: 1, y: 4, width: 20, height: 12, rx: 3 }, labels.thisPass);
    item("mean", "path", { d: "M0 -7L7 0L0 7L-7 0Z", transform: "translate(11 10)" }, labels.mean);
    item("full", "path", { d: "M11 1V19" }, labels.full);
  }
}

export const { update, destroy } = playersOf(NetworkPlayer);
