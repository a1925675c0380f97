// The life of a model: it learns, and the dropout die rolls at every forward pass; it speaks, and the top-k die rolls at
// every word.
//
// data: { labels, colours: { learn, speak, quiet },
//         passes: [{ kept: [[true, ...] per layer], face }],
//         words: [{ prompt: [...], choices: [{ word, probability, percent, kept }], drawn, face }] }

const version = new URL(import.meta.url).search;
const { Player, playersOf, widthOf } = await import("./parts/player.js" + version);
const { createTransport, calm } = await import("./parts/transport.js" + version);
const { svg, html, fill, die } = await import("./parts/svg.js" + version);

const INTERVAL = 1100;  // ms a pass or a word at speed 1
const HEIGHT = 200;

class LifeStrip extends Player {
  constructor(root) {
    super(root, "life");
    this.strip = html("div", "life-strip", this.holder);
    this.row = html("div", "", this.holder);
  }

  show(data) {
    for (const [name, colour] of Object.entries(data.colours)) this.holder.style.setProperty(`--${name}`, colour);
    this.controls(data.labels.transport, () => {
      const transport = createTransport(this.row, {
        labels: data.labels.transport, interval: INTERVAL, loop: true, onFrame: (position) => this.draw(position),
      });
      transport.setLength(data.passes.length + data.words.length);
      if (!calm()) transport.play();
      return transport;
    });
    this.width = 0;
    this.resize();
  }

  build() {
    const { labels } = this.data;
    this.strip.replaceChildren();
    this.learning = new LearningHalf(this.strip, "learn", labels.learns, this.data);
    this.speaking = new SpeakingHalf(this.strip, "speak", labels.speaks, this.data);
  }

  draw(position) {
    if (!this.width) return;
    const { passes } = this.data, word = position - passes.length;
    this.learning.draw(word < 0 ? position : passes.length - 1, word < 0);
    this.speaking.draw(Math.max(0, word), word >= 0);
  }

  // A row for each neuron of a pass, then one for each choice of a word.
  numbers() {
    const { passes, words, labels } = this.data;
    return [
      labels.columns,
      ...passes.flatMap(({ kept }, i) => kept.flatMap((row, layer) =>
        row.map((each, unit) => [i + 1, `${layer + 1}.${unit + 1}`, "", "", Number(each), ""]))),
      ...words.flatMap(({ choices, drawn }, i) => choices.map(({ word, probability, kept }, choice) =>
        [passes.length + i + 1, "", word, probability, Number(kept), Number(choice === drawn)])),
    ];
  }
}

// One half of the strip; it is active while its die rolls, and paler while it rests.
class Half {
  constructor(strip, name, title, data) {
    this.data = data;
    this.box = html("section", `half ${name}`, strip);
    html("h2", "", this.box, title);
    this.picture = svg("svg", { role: "img", translate: "no" }, this.box);
    this.caption = html("p", "caption", this.box);
    this.caption.translate = false;  // its numbers change: a browser that translates would keep the old ones
    this.width = widthOf(this.picture);
    this.picture.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
    this.picture.setAttribute("height", HEIGHT);
    this.build();
  }

  describe(active, caption, picture = "") {
    this.box.classList.toggle("active", active);
    this.caption.textContent = caption;
    this.picture.setAttribute("aria-label", `${picture} ${caption}`.trim());
  }
}

class LearningHalf extends Half {
  build() {
    const { picture, width, data: { colours, passes } } = this, rows = passes[0].kept;
    const at = (layer, unit) =>
      [width * (0.31 + layer * 0.205), HEIGHT / 2 + (unit - (rows[layer].length - 1) / 2) * 33];
    this.edges = rows.slice(1).flatMap((row, layer) => row.flatMap((_, to) => rows[layer].map((_, from) => {
      const [x1, y1] = at(layer, from), [x2, y2] = at(layer + 1, to);
      const line = svg("line", { x1, y1, x2, y2, stroke: colours.learn, "stroke-width": 1.4 }, picture);
      return { layer, from, to, line };
    })));
    this.units = rows.map((row, layer) => row.map((_, unit) => {
      const [cx, cy] = at(layer, unit);
      return svg("circle", { cx, cy, r: 13, stroke: colours.learn, "stroke-width": 2.5, class: "unit" }, picture);
    }));
    this.roll = die(picture, Math.max(24, width * 0.125), HEIGHT / 2, colours.learn);
  }

  draw(pass, active) {
    const { passes, labels } = this.data, { kept, face } = passes[pass];
    this.roll(face);
    this.units.forEach((row, layer) =>
      row.forEach((unit, i) => unit.classList.toggle("dropped", active && !kept[layer][i])));
    this.edges.forEach(({ layer, from, to, line }) =>
      line.setAttribute("stroke-opacity", !active || (kept[layer][from] && kept[layer + 1][to]) ? 0.45 : 0));
    const hidden = kept.slice(1, -1).flat(), out = hidden.filter((each) => !each).length;
    this.describe(active, active ? fill(labels.pass, { i: pass + 1, out, n: hidden.length }) : labels.learned);
  }
}

class SpeakingHalf extends Half {
  build() {
    const { picture, width, data: { colours, words } } = this, wide = width >= 450;
    this.sentence = svg("text", { x: 4, y: 26, class: "sentence" }, picture);
    // On a phone the die is beside the sentence, so that the bars have room.
    this.roll = die(picture, width - (wide ? 50 : 26), wide ? 112 : 24, colours.speak);
    this.room = width - (wide ? 8 : 64);                 // px for the sentence
    this.start = wide ? Math.round(width * 0.25) : 120;  // where the bars begin
    this.longest = width - this.start - (wide ? 200 : 120);
    const most = Math.max(...words.map((word) => word.choices.length));
    this.bars = [...Array(most).keys()].map((i) => {
      const y = 46 + i * 30, group = svg("g", { class: "choice" }, picture);
      return {
        group,
        word: svg("text", { x: this.start - 10, y: y + 17, "text-anchor": "end" }, group),
        bar: svg("rect", { x: this.start, y, height: 22, rx: 4, stroke: colours.speak, "stroke-width": 1.5 }, group),
        value: svg("text", { y: y + 17, class: "value" }, group),
      };
    });
  }

  draw(index, active) {
    const { words, labels, colours } = this.data, step = words[index];
    this.roll(step.face);
    this.writeSentence(active ? [...step.prompt, "▁▁▁"] : ["▁▁▁"]);
    const largest = Math.max(...step.choices.map((choice) => choice.probability));
    this.bars.forEach(({ group, word, bar, value }, i) => {
      const choice = step.choices[i], drawn = active && i === step.drawn;
      group.setAttribute("visibility", choice ? "visible" : "hidden");
      if (!choice) return;
      const length = Math.max(3, (this.longest * choice.probability) / largest);
      word.textContent = choice.word;
      word.classList.toggle("drawn", drawn);
      bar.setAttribute("width", length);
      bar.setAttribute("fill", choice.kept ? colours.speak : "none");
      bar.setAttribute("stroke-dasharray", choice.kept ? "none" : "4 4");
      value.setAttribute("x", this.start + 8 + length);
      value.textContent = fill(choice.kept ? (drawn ? labels.drawn : "{percent}") : labels.cut, choice);
    });
    const caption = active ? fill(labels.word, { i: index + 1, word: step.choices[step.drawn].word }) : labels.silent;
    this.describe(active, caption, this.sentence.textContent);
  }

  // The end of a sentence that is longer than its place.
  writeSentence(words) {
    for (let from = 0; from < words.length; from++) {
      this.sentence.textContent = (from ? "… " : "") + words.slice(from).join("");
      if (this.sentence.getComputedTextLength() <= this.room) return;
    }
  }
}

export const { update, destroy } = playersOf(LifeStrip);
