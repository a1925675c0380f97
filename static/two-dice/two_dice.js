// The table of the two dice: a row for each way to learn, a column for each way to speak, and in each cell the sentences
// as they come, each with its mark, over what all of them come to.
//
// data: { draw, complete, progress, status, compact, columns: [label],
//         rows: [{ title, details: [text], grammar, cells: [{ shares: [copied, new, impossible] | null, bar, measures: [{ name,
//                  value, interval, chosen }], sentences: [[text, mark]] }] }], colours, labels }
// mark: 0 copied, 1 new and possible, 2 impossible. draw: changes when other sentences are drawn.

const version = new URL(import.meta.url).search;
const { createTransport, calm } = await import("./parts/transport.js" + version);
const { html } = await import("./parts/svg.js" + version);

const MARKS = ["copied", "new", "impossible"];
const SYMBOLS = ["©", "✓", "✗"];
const FRAME = 1400;  // ms for each sentence at speed 1: time to read four of them

const tables = new WeakMap();

export function update({ parentElement, data }) {
  const table = tables.get(parentElement) ?? new Table(parentElement);
  tables.set(parentElement, table);
  table.receive(data);
}

export function destroy(root) {
  tables.get(root)?.destroy();
  tables.delete(root);
}

class Table {
  constructor(root) {
    this.holder = root.querySelector(".two-dice");
    this.holder.classList.add("experiment");
    this.status = html("div", "status", this.holder);
    this.bar = html("progress", "", this.status);
    this.bar.max = 1;
    this.said = html("span", "", this.status);
    this.body = html("div", "body", this.holder);
    this.legend = html("div", "legend", this.holder);
    this.feeds = [];
  }

  destroy() {
    this.transport?.destroy();
    this.holder.replaceChildren();
  }

  receive(data) {
    const look = JSON.stringify(data);
    if (look === this.look) return;
    this.look = look;
    this.data = data;
    for (const [name, colour] of Object.entries(data.colours)) this.holder.style.setProperty(`--${name}`, colour);
    this.bar.value = data.progress;
    this.bar.setAttribute("aria-label", data.labels.progress);
    this.said.textContent = data.status;
    this.status.classList.toggle("over", !data.status);
    this.remake(data);
    if (data.draw !== this.draw) this.begin(data);
    const told = Math.max(1, ...this.feeds.map(({ sentences }) => sentences.length));
    this.transport.setLength(told, data.complete);
    if (calm()) this.transport.go(told - 1);
    this.show(this.transport.position);
    this.holder.dataset.complete = data.complete;
  }

  begin(data) {
    this.draw = data.draw;
    this.transport?.destroy();
    this.transport = createTransport(this.holder, {
      labels: data.labels.transport, interval: FRAME, onFrame: (position) => this.show(position),
    });
    this.transport.setLength(1, false);
    if (!calm()) this.transport.play();
  }

  remake(data) {
    this.body.replaceChildren();
    this.feeds = [];
    const table = element("table", "table", this.body);
    table.classList.toggle("compact", data.compact);
    table.style.setProperty("--columns", data.columns.length);
    table.setAttribute("aria-label", data.labels.table);
    const head = element("tr", "row", element("thead", "rowgroup", table));
    element("td", "cell", head, data.compact ? data.labels.measure : "").className = "corner";
    for (const label of data.columns) element("th", "columnheader", head, label).scope = "col";
    const body = element("tbody", "rowgroup", table);
    for (const row of data.rows) {
      const line = element("tr", "row", body);
      line.classList.toggle("grammar", row.grammar);
      const header = element("th", "rowheader", line);
      header.scope = "row";
      html("div", "title", header, row.title);
      for (const detail of row.details) html("div", "detail", header, detail);
      for (const cell of row.cells) this.fillCell(element("td", "cell", line), cell, data);
    }
    this.legend.replaceChildren();
    MARKS.forEach((mark, i) => {
      const item = html("span", "item", this.legend);
      html("span", `sample ${mark}`, item).setAttribute("aria-hidden", "true");
      item.append(document.createTextNode(` ${SYMBOLS[i]} ${data.labels.marks[i]}`));
    });
  }

  fillCell(box, cell, data) {
    if (!cell.shares) { html("p", "waiting", box, data.labels.waiting); return; }
    const bar = html("div", "bar", box);
    bar.setAttribute("role", "img");
    bar.setAttribute("aria-label", cell.bar);
    cell.shares.forEach((share, i) => {
      html("span", MARKS[i], bar).style.width = `${100 * share}%`;
    });
    const measures = html("div", "measures", box);
    for (const { name, value, interval, chosen } of cell.measures) {
      if (data.compact && !chosen) continue;
      const measure = html("div", chosen ? "measure chosen" : "measure", measures);
      if (!data.compact) html("span", "name", measure, name + " ");
      html("b", "", measure, value);
      html("span", "interval", measure, " " + interval);
    }
    this.feeds.push({ list: html("ul", "feed", box), sentences: cell.sentences });
  }

  // The newest sentence on top; how many can be seen is a matter of room.
  show(position) {
    for (const { list, sentences } of this.feeds) {
      const last = Math.min(position, sentences.length - 1);
      list.replaceChildren();
      for (let i = last; i >= Math.max(0, last - (this.data.compact ? 0 : 2)); i--) {
        const [text, mark] = sentences[i];
        const item = html("li", MARKS[mark], list);
        const badge = html("span", "mark", item, SYMBOLS[mark]);
        html("span", "word", badge, ` ${this.data.labels.short[mark]}`);
        badge.title = this.data.labels.marks[mark];
        if (this.data.compact) item.title = text;  // a narrow cell has room for the beginning only
        item.append(document.createTextNode(" " + text));
      }
    }
    this.holder.dataset.shown = position;
  }
}

// Roles are spelled out, since on a phone the table is laid out as a grid, and a browser then forgets that it is one.
function element(tag, role, parent, text) {
  const made = html(tag, "", parent, text);
  made.setAttribute("role", role);
  return made;
}
