// One block of the small GPT with its four dropout places; the masks of a recording play on it, pass by pass.
//
// data: { hue, restHue, training, p, passes, C, H, T, words, on: [four booleans],
//         masks: base64 bits, for each pass C for the embedding, H T T for attention, C for the projection, C for the MLP,
//         attention: [H][T][T] weights of the eval pass, top: [word, ...], chances: [passes][top], full: [top],
//         predicted: [the likeliest word of each pass], locale, labels }

const version = new URL(import.meta.url).search;
const { Player, playersOf } = await import("./parts/player.js" + version);
const { createTransport } = await import("./parts/transport.js" + version);
const { svg, html, fill } = await import("./parts/svg.js" + version);

const INTERVAL = 1000; // ms a pass at speed 1

class TransformerPlayer extends Player {
  constructor(root) {
    super(root, "block");
    this.picture = svg("svg", { role: "img", translate: "no" }, this.holder);
    this.caption = html("p", "caption", this.holder);
    this.caption.translate = false;  // its numbers change: a browser that translates would keep the old ones
  }

  show(data) {
    this.width = 0;
    this.bits = Uint8Array.from(atob(data.masks), (character) => character.charCodeAt(0));
    const { C, H, T } = data;
    this.sizes = [C, H * T * T, C, C];
    this.starts = this.sizes.map((_, i) => this.sizes.slice(0, i).reduce((a, b) => a + b, 0));
    this.stride = this.bits.length / data.passes;
    this.holder.style.setProperty("--hue", data.hue);
    this.holder.style.setProperty("--rest-hue", data.restHue);
    this.controls(data.labels.transport, () => createTransport(this.holder, {
      labels: data.labels.transport, interval: INTERVAL, onFrame: (pass) => this.draw(pass),
    }));
    this.transport.setLength(data.passes);
    this.resize();
  }

  kept(pass, place, unit) {
    const bit = this.starts[place] + unit;
    return (this.bits[pass * this.stride + (bit >> 3)] >> (bit & 7)) & 1;
  }

  build(width) {
    const { data, picture } = this, { labels } = data, wide = width >= 640;
    picture.replaceChildren();
    // The longest bar fills its track: next words are many, and each has a small chance.
    this.most = Math.max(...data.full, ...data.chances.flat());
    const bars = wide ? 230 : width, columns = wide ? 4 : 2;
    const flow = wide ? width - bars - 24 : width, step = flow / columns;
    const side = Math.min(step - 22, 146), head = 78, tall = head + side + 30;
    const height = wide ? tall : 2 * tall + data.top.length * 30 + 34;
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.setAttribute("height", height);
    const text = (x, y, words, name = "", anchor = "middle") => svg("text", { x, y, "text-anchor": anchor, class: name }, picture, words);

    this.panels = [0, 1, 2, 3].map((place) => {
      const centre = (place % columns + 0.5) * step, top = Math.floor(place / columns) * tall;
      const x = centre - side / 2, y = top + head;
      // The box of what is computed, the place of the die behind it, and an arrow to the next.
      svg("rect", { x: centre - step / 2 + 8, y: top + 6, width: step - 30, height: 34, rx: 8, class: "stage" }, picture);
      text(centre - 7, top + 28, labels.stages[place], "name");
      const die = svg("g", { class: "die" + (data.on[place] ? "" : " off"), transform: `translate(${centre + step / 2 - 12} ${top + 23})` }, picture);
      svg("circle", { r: 13 }, die);
      svg("text", { y: 5, "text-anchor": "middle" }, die, String(place + 1));
      text(centre, top + 64, data.on[place] ? fill(labels.p, { p: data.p }) : labels.off, "rate");
      const count = text(centre, y + side + 20, "", "rate");
      return { cells: place === 1 ? this.heads(x, y, side) : this.units(x, y, side), count };
    });
    this.residual(step, columns, tall);

    const left = wide ? width - bars : 0, top = wide ? 6 : 2 * tall + 6;
    text(left, top + 18, labels.next, "name", "start");
    const from = left + 92, length = width - from - 52, gap = wide ? Math.min(40, (height - 50) / data.top.length) : 30;
    this.bars = data.top.map((word, i) => {
      const y = top + 44 + i * gap;
      text(from - 8, y + 5, word, "", "end");
      svg("rect", { x: from, y: y - 10, width: length, height: 20, rx: 3, class: "track" }, picture);
      const bar = svg("rect", { x: from, y: y - 10, width: 0, height: 20, rx: 3, class: "bar" }, picture);
      const end = from + (length * data.full[i]) / this.most;
      svg("line", { x1: end, x2: end, y1: y - 14, y2: y + 14, class: "full" }, picture);
      const value = text(width, y + 5, "", "rate", "end");
      return { bar, value, length };
    });
  }

  // What the block adds its results to flows past it: from the embedding to the sum after 3, and on to the sum after 4.
  residual(step, columns, tall) {
    if (columns !== 4) return;
    const y = 2, at = (place) => place * step + step - 12;
    svg("path", { d: `M${at(0)} ${10}V${y}H${at(2)}V${10}`, class: "residual" }, this.picture);
    svg("path", { d: `M${at(2)} ${10}V${y}H${at(3)}V${10}`, class: "residual" }, this.picture);
  }

  units(x, y, side) {
    const across = Math.ceil(Math.sqrt(this.data.C)), cell = side / across;
    return [...Array(this.data.C).keys()].map((unit) => svg("rect", {
      x: x + (unit % across) * cell + 1, y: y + Math.floor(unit / across) * cell + 1,
      width: cell - 2, height: cell - 2, rx: 2, class: "unit",
    }, this.picture));
  }

  // The attention heads, two by two: a row for each word that attends, a column for each word attended to, none ahead.
  heads(x, y, side) {
    const { H, T, attention } = this.data, across = Math.ceil(Math.sqrt(H)), box = side / across, cell = (box - 6) / T;
    const largest = Math.max(...attention.flat(2));
    const cells = [];
    for (let head = 0; head < H; head++) for (let row = 0; row < T; row++) for (let column = 0; column < T; column++) {
      const shape = column > row ? null : svg("rect", {
        x: x + (head % across) * box + 3 + column * cell + 0.6, y: y + Math.floor(head / across) * box + 3 + row * cell + 0.6,
        width: cell - 1.2, height: cell - 1.2, class: "unit",
      }, this.picture);
      shape?.style.setProperty("--share", `${Math.round(20 + 80 * attention[head][row][column] / largest)}%`);
      cells.push(shape);
    }
    return cells;
  }

  draw(pass) {
    if (!this.width) return;
    const { data } = this, { labels } = data;
    const percent = new Intl.NumberFormat(data.locale, { style: "percent", maximumFractionDigits: 0 });
    const out = this.panels.map(({ cells, count }, place) => {
      let dropped = 0, all = 0;
      cells.forEach((cell, unit) => {
        if (!cell) return;
        const kept = this.kept(pass, place, unit);
        cell.classList.toggle("dropped", !kept);
        all += 1;
        dropped += 1 - kept;
      });
      count.textContent = fill(labels.count, { out: dropped, n: all });
      return dropped;
    });
    this.bars.forEach(({ bar, value, length }, i) => {
      bar.setAttribute("width", Math.max(0.5, (length * data.chances[pass][i]) / this.most));
      value.textContent = percent.format(data.chances[pass][i]);
    });
    const sentence = fill(data.training ? labels.pass : labels.evalPass, {
      i: pass + 1, one: out[0], two: out[1], three: out[2], four: out[3], word: data.predicted[pass],
    });
    this.caption.textContent = sentence;
    this.caption.setAttribute("aria-live", this.transport.playing ? "off" : "polite");
    this.picture.setAttribute("aria-label", `${labels.picture} ${sentence}`);
  }

  // A row for each pass, and one for the whole network: how many numbers are dropped at each place, and the next words.
  numbers() {
    const { data } = this, { labels } = data;
    const out = (pass) => this.panels.map(({ cells }, place) =>
      cells.filter((cell, unit) => cell && !this.kept(pass, place, unit)).length);
    return [
      [labels.number, ...labels.stages.map((stage) => `${stage}: ${labels.dropped}`), ...data.top.map((word) => `${labels.next}: ${word}`)],
      ...data.chances.map((chances, pass) => [pass + 1, ...out(pass), ...chances]),
      [labels.eval, 0, 0, 0, 0, ...data.full],
    ];
  }
}

export const { update, destroy } = playersOf(TransformerPlayer);
