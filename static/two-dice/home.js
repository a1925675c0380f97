// The life of a model: it learns, and the dropout die rolls at every forward pass; it speaks, and the top-k die rolls at
// every word.
//
// data: { labels, colours: { learn, speak, quiet },
//         passes: [{ kept: [[true, ...] per layer], face }],
//         words: [{ said: [...], choices: [{ word, probability, kept }], drawn, face }] }

const version = new URL(import.meta.url).search;
const { createTransport, calm } = await import("./parts/transport.js" + version);
const { svg, html, fill, die } = await import("./parts/svg.js" + version);

const pictures = new WeakMap();

export function update({ parentElement, data }) {
  const holder = parentElement.querySelector(".two-dice");
  const known = pictures.get(parentElement);
  const recording = JSON.stringify(data);
  if (known?.recording === recording) return;
  known?.transport.destroy();
  holder.replaceChildren();

  const strip = html("div", "life-strip", holder);
  const learn = learningHalf(strip, data);
  const speak = speakingHalf(strip, data);
  const total = data.passes.length + data.words.length;
  const transport = createTransport(holder, {
    labels: data.labels.transport,
    interval: 1100,
    loop: true,
    onFrame(position) {
      const learning = position < data.passes.length;
      learn(learning ? position : data.passes.length - 1, learning);
      speak(learning ? null : position - data.passes.length, !learning);
    },
  });
  transport.setLength(total);
  transport.go(known?.transport.position ?? 0);
  if (!calm() && known?.transport.playing !== false) transport.play();
  pictures.set(parentElement, { recording, transport });
}

export function destroy(root) {
  pictures.get(root)?.transport.destroy();
  pictures.delete(root);
}

function half(strip, className, colour, title, subtitle) {
  const box = html("section", `half ${className}`, strip);
  box.style.setProperty("--hue", colour);
  html("h2", "", box, title);
  const picture = svg("svg", { viewBox: "0 0 560 200", role: "img" }, box);
  const caption = html("p", "caption", box, subtitle);
  return { box, picture, caption };
}

function learningHalf(strip, { labels, colours, passes }) {
  const { box, picture, caption } = half(strip, "learn", colours.learn, labels.learns, "");
  const rows = passes[0].kept;
  const at = (layer, unit) => [175 + layer * 115, 100 + (unit - (rows[layer].length - 1) / 2) * 33];
  const edges = [];
  rows.slice(1).forEach((row, layer) => row.forEach((_, to) => rows[layer].forEach((_, from) => {
    const [x1, y1] = at(layer, from), [x2, y2] = at(layer + 1, to);
    edges.push({ layer, from, to, line: svg("line", { x1, y1, x2, y2, stroke: colours.learn, "stroke-width": 1.4 }, picture) });
  })));
  const units = rows.map((row, layer) => row.map((_, unit) => {
    const [cx, cy] = at(layer, unit);
    return svg("circle", { cx, cy, r: 13, stroke: colours.learn, "stroke-width": 2.5, class: "unit" }, picture);
  }));
  const roll = die(picture, 70, 100, colours.learn);
  return (pass, active) => {
    const { kept, face } = passes[pass];
    box.classList.toggle("active", active);
    roll(face);
    units.forEach((row, layer) => row.forEach((unit, i) => unit.classList.toggle("dropped", active && !kept[layer][i])));
    edges.forEach(({ layer, from, to, line }) =>
      line.setAttribute("stroke-opacity", !active || (kept[layer][from] && kept[layer + 1][to]) ? 0.45 : 0));
    const hidden = kept.slice(1, -1).flat();
    const values = { i: pass + 1, out: hidden.filter((k) => !k).length, n: hidden.length };
    caption.textContent = fill(active ? labels.pass : labels.learned, values);
    picture.setAttribute("aria-label", caption.textContent);
  };
}

function speakingHalf(strip, { labels, colours, words }) {
  const { box, picture, caption } = half(strip, "speak", colours.speak, labels.speaks, "");
  const sentence = svg("text", { x: 16, y: 26, class: "sentence" }, picture);
  const roll = die(picture, 510, 112, colours.speak);
  const longest = Math.max(...words.map((w) => w.choices.length));
  const bars = [...Array(longest).keys()].map((i) => {
    const y = 46 + i * 30;
    return {
      word: svg("text", { x: 130, y: y + 17, "text-anchor": "end" }, picture),
      bar: svg("rect", { x: 140, y, height: 22, rx: 4, stroke: colours.speak, "stroke-width": 1.5 }, picture),
      value: svg("text", { y: y + 17, class: "value" }, picture),
    };
  });
  return (index, active) => {
    box.classList.toggle("active", active);
    const step = words[index ?? 0];
    picture.style.opacity = active ? 1 : 0.35;
    roll(step.face);
    sentence.textContent = active ? [...step.said, "▁▁▁"].join(" ") : "▁▁▁";
    const largest = Math.max(...step.choices.map((c) => c.probability));
    bars.forEach(({ word, bar, value }, i) => {
      const choice = step.choices[i];
      for (const each of [word, bar, value]) each.setAttribute("visibility", choice ? "visible" : "hidden");
      if (!choice) return;
      const width = Math.max(3, (230 * choice.probability) / largest);
      word.textContent = choice.word;
      bar.setAttribute("width", width);
      bar.setAttribute("fill", choice.kept ? colours.speak : "none");
      bar.setAttribute("stroke-dasharray", choice.kept ? "none" : "4 4");
      value.setAttribute("x", 148 + width);
      value.textContent = fill(choice.kept ? (active && i === step.drawn ? labels.drawn : "{percent}") : labels.cut, choice);
      word.classList.toggle("drawn", active && i === step.drawn);
    });
    caption.textContent = active ? fill(labels.word, { i: index + 1, word: step.choices[step.drawn].word }) : labels.silent;
    picture.setAttribute("aria-label", `${sentence.textContent} ${caption.textContent}`);
  };
}
