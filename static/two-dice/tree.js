// Everything that a model can say from here, as an icicle: a row for each word, a box for each continuation, as wide as
// it is likely. A box glows where a training sentence goes on so, and is hatched where the grammar forbids it.
//
// data: { hue, learn, wrong, root, depth, words, parents, probabilities, locale,   a node after the one above it
//         kinds: [0 new, 1 trained, 2 impossible], ends: [1 where the sentence ends],
//         glue: what stands between two words, if not what the language has there,
//         labels: { picture, node, open, kinds: [..], rest, columns } }             node: {text} {probability} {kind}
// It answers with trigger("go", [word, ...]): the words down to the box that was chosen.

const version = new URL(import.meta.url).search;
const { Player, playersOf } = await import("./parts/player.js" + version);
const { svg, html, fill } = await import("./parts/svg.js" + version);

const ROW = 38, GAP = 1;                          // px
const NARROWEST = 22;                             // px of a box that has its word written in it
const KINDS = ["new", "trained", "impossible"];

let made = 0;

class ContinuationTree extends Player {
  constructor(root) {
    super(root, "tree");
    this.hatching = `forbidden-${made++}`;
    this.picture = svg("svg", { role: "tree", translate: "no" }, this.holder);
    const pattern = svg("pattern", { id: this.hatching, width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("defs", {}, this.picture));
    svg("line", { x1: 0, x2: 0, y1: 0, y2: 7, class: "hatch" }, pattern);
    this.behind = svg("g", { class: "rest", "aria-hidden": "true" }, this.picture);
    this.layer = svg("g", { role: "none" }, this.picture);
    this.caption = html("p", "caption", this.holder);
    this.caption.translate = false;
    this.caption.setAttribute("aria-hidden", "true");  // the boxes say the same
    this.list = html("div", "legend", this.holder);
    this.boxes = new Map();                       // by path, so that the box of a continuation moves where it changes
    this.picture.addEventListener("keydown", (event) => this.onKey(event));
    this.picture.addEventListener("pointerleave", () => this.say(this.focused()));
  }

  show(data) {
    for (const hue of ["hue", "learn", "wrong"]) this.holder.style.setProperty(`--${hue}`, data[hue]);
    this.paths = data.words.map(() => null);
    data.words.forEach((word, i) => { this.paths[i] = [...(data.parents[i] < 0 ? [] : this.paths[data.parents[i]]), word]; });
    this.children = data.words.map(() => []);
    this.top = [];
    data.parents.forEach((parent, i) => (parent < 0 ? this.top : this.children[parent]).push(i));
    const number = new Intl.NumberFormat(data.locale, { style: "percent", maximumSignificantDigits: 2 });
    this.glue = data.glue ?? (/^(ja|zh)/.test(data.locale) ? "" : " ");
    this.names = this.paths.map((path, i) => fill(data.labels.node, {
      text: path.join(this.glue), probability: number.format(data.probabilities[i]), kind: data.labels.kinds[data.kinds[i]],
    }));
    this.legend();
    this.width = 0;
    this.resize();
  }

  build(width) {
    const { data, picture } = this, height = ROW * (1 + Math.max(3, ...this.paths.map((path) => path.length)));
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.setAttribute("height", height);
    picture.setAttribute("aria-label", data.labels.picture);
    this.root ??= this.box();
    this.place(this.root, 0, 0, width, data.root, "root");
    this.root.group.setAttribute("role", "none");

    // Under every box that goes on, all that may come; the boxes below leave uncovered what is too unlikely to draw.
    this.behind.replaceChildren();
    const track = (x, depth, wide) => {
      const shown = Math.max(0, wide - GAP);
      if (shown > 2) svg("rect", { x, y: depth * ROW, width: shown, height: ROW - GAP }, this.behind);
    };
    track(0, 1, width);
    // Siblings side by side, the likeliest first, under the word that they follow.
    const left = Array(data.words.length), next = new Map([[-1, 0]]), shown = new Set();
    data.words.forEach((word, i) => {
      const parent = data.parents[i], x = left[i] = next.get(parent) ?? left[parent];
      const wide = data.probabilities[i] * width;
      next.set(parent, x + wide);
      const depth = this.paths[i].length, key = this.paths[i].join("\n"), known = this.boxes.get(key), box = known ?? this.box();
      this.boxes.set(key, box);
      shown.add(key);
      box.node = i;
      this.place(box, x, depth * ROW, wide, word, KINDS[data.kinds[i]]);
      if (depth < data.depth && !data.ends[i]) track(x, depth + 1, wide);
      box.group.setAttribute("aria-level", depth);
      box.group.setAttribute("aria-label", this.names[i]);
      box.group.setAttribute("tabindex", -1);
      box.group.classList.toggle("end", Boolean(data.ends[i]));
      this.layer.append(box.group);
    });
    // The keyboard may be on a box that is gone.
    const lost = this.layer.contains(document.activeElement) && !shown.has(this.key(document.activeElement));
    for (const [key, box] of this.boxes) if (!shown.has(key)) { box.group.remove(); this.boxes.delete(key); }
    const first = this.top.length ? this.at(this.top[0]) : null;
    (this.focused() ?? first)?.setAttribute("tabindex", 0);
    if (lost) first?.focus();
    this.say(this.focused());
  }

  box() {
    const group = svg("g", { role: "treeitem" }, this.layer), shape = svg("rect", { height: ROW - GAP }, group), text = svg("text", { y: 24 }, group);
    const box = { group, shape, text };
    group.addEventListener("pointerenter", () => this.say(group));
    group.addEventListener("focus", () => this.say(group));
    group.addEventListener("click", () => this.go(group));
    return box;
  }

  place({ group, shape, text }, x, y, wide, word, kind) {
    group.setAttribute("class", kind);
    group.style.transform = `translate(${x}px, ${y}px)`;
    shape.style.width = `${Math.max(0.5, wide - GAP)}px`;
    shape.style.fill = kind === "impossible" ? `url(#${this.hatching})` : "";
    text.textContent = wide < NARROWEST ? "" : word;
    text.setAttribute("x", Math.max(0, wide - GAP) / 2);
    text.setAttribute("text-anchor", "middle");
    const room = wide - 12, length = text.textContent ? text.getComputedTextLength() : 0;
    if (length > room) {
      const most = Math.floor([...word].length * room / length) - 1;
      text.textContent = most > 0 ? [...word].slice(0, most).join("") + "…" : "";
    }
  }

  key(group) { return [...this.boxes].find(([, box]) => box.group === group)?.[0]; }
  at(i) { return this.boxes.get(this.paths[i].join("\n")).group; }
  nodeOf(group) { return [...this.boxes.values()].find((box) => box.group === group)?.node; }
  focused() { return this.layer.contains(document.activeElement) ? document.activeElement : null; }

  // What the box says that is pointed at or has the keyboard; else what one can do.
  say(group) {
    const node = group && this.nodeOf(group);
    this.caption.textContent = node === undefined || node === null ? this.data.labels.open : this.names[node];
  }

  go(group) {
    const node = this.nodeOf(group);
    if (node !== undefined && !this.data.ends[node]) this.trigger("go", this.paths[node]);
  }

  // As in any tree: down to the likeliest child, up to the parent, left and right to the siblings.
  onKey(event) {
    const { parents } = this.data, node = this.nodeOf(event.target);
    if (node === undefined) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return this.go(event.target);
    }
    const siblings = parents[node] < 0 ? this.top : this.children[parents[node]], at = siblings.indexOf(node);
    const to = {
      ArrowDown: this.children[node][0], ArrowUp: parents[node] < 0 ? undefined : parents[node],
      ArrowLeft: siblings[at - 1], ArrowRight: siblings[at + 1], Home: siblings[0], End: siblings.at(-1),
    };
    if (!(event.key in to)) return;
    event.preventDefault();
    event.stopPropagation();  // the page has keys of its own
    if (to[event.key] === undefined) return;
    event.target.setAttribute("tabindex", -1);
    const next = this.at(to[event.key]);
    next.setAttribute("tabindex", 0);
    next.focus();
  }

  // A row for each box.
  numbers() {
    const { data } = this;
    return [
      data.labels.columns,
      ...this.paths.map((path, i) => [path.join(data.glue ?? " "), data.probabilities[i], data.labels.kinds[data.kinds[i]]]),
    ];
  }

  legend() {
    const { labels } = this.data;
    this.list.replaceChildren();
    [...labels.kinds, labels.rest].forEach((words, i) => {
      const entry = html("span", "item", this.list);
      const kind = i < labels.kinds.length ? KINDS[i] : "rest";
      const group = svg("g", { class: kind }, svg("svg", { width: 22, height: 20, "aria-hidden": "true" }, entry));
      const shape = svg("rect", { x: 2, y: 2, width: 17, height: 16 }, group);
      if (kind === "impossible") shape.style.fill = `url(#${this.hatching})`;
      entry.append(document.createTextNode(words));
    });
  }
}

export const { update, destroy } = playersOf(ContinuationTree);
