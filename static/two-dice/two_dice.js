// The table of the two dice: a row for each way to learn, a column for each way to speak, and in each cell the sentences
// as they come, each with its verdict, over what all of them come to.
//
// data: { draw, complete, progress, status, compact, columns: [label],
//         rows: [{ title, details: [text], grammar, cells: [{ shares: [copied, new, impossible] | null, bar, measures: [{ name,
//                  value, interval, estimate: [value, low, high], chosen }], sentences: [[text, verdict]] }] }], colours, labels }
// verdict: 0 copied, 1 new and possible, 2 impossible. draw: changes when other sentences are drawn.

const version = new URL(import.meta.url).search;
const { Player, playersOf } = await import("./parts/player.js" + version);
const { createTransport, calm } = await import("./parts/transport.js" + version);
const { html, unbroken } = await import("./parts/svg.js" + version);

const VERDICTS = ["copied", "new", "impossible"];
const SYMBOLS = ["©", "✓", "✗"];
const INTERVAL = 1400;  // ms for each sentence at speed 1: time to read four of them

class ExperimentTable extends Player {
  constructor(root) {
    super(root, "experiment");
    this.status = html("div", "status", this.holder);
    this.bar = html("progress", "", this.status);
    this.bar.max = 1;
    this.statusText = html("span", "", this.status);
    this.statusText.translate = false;
    this.body = html("div", "body", this.holder);
    this.legend = html("div", "legend", this.holder);
    this.feeds = [];
  }

  show(data) {
    for (const [name, colour] of Object.entries(data.colours)) this.holder.style.setProperty(`--${name}`, colour);
    this.bar.value = data.progress;
    this.bar.hidden = data.complete;
    this.bar.setAttribute("aria-label", data.labels.progress);
    this.statusText.textContent = unbroken(data.status);
    this.status.classList.toggle("over", !data.status);
    this.makeTable(data);
    this.makeLegend(data);
    if (data.draw !== this.sample) this.begin(data);
    const most = Math.max(1, ...this.feeds.map(({ sentences }) => sentences.length));
    this.transport.setLength(most, data.complete);
    if (calm()) this.transport.go(most - 1);
    this.width = 0;
    this.resize();
    this.holder.dataset.complete = data.complete;
  }

  // Other sentences start from the first one.
  begin(data) {
    this.sample = data.draw;
    this.transport?.destroy();
    this.transport = createTransport(this.holder, {
      labels: data.labels.transport, interval: INTERVAL, onFrame: (position) => this.draw(position),
    });
    this.transport.setLength(1, false);
    if (!calm()) this.transport.play();
  }

  makeTable(data) {
    this.body.replaceChildren();
    this.feeds = [];
    const table = element("table", "table", this.body);
    table.classList.toggle("compact", data.compact);
    table.style.setProperty("--columns", data.columns.length);
    table.setAttribute("aria-label", data.labels.table);
    const head = element("tr", "row", element("thead", "rowgroup", table));
    element("td", "cell", head, data.compact ? unbroken(data.labels.measure) : "").className = "corner";
    for (const label of data.columns) element("th", "columnheader", head, unbroken(label)).scope = "col";
    const body = element("tbody", "rowgroup", table);
    for (const row of data.rows) {
      const line = element("tr", "row", body);
      line.classList.toggle("grammar", row.grammar);
      const header = element("th", "rowheader", line);
      header.scope = "row";
      html("div", "title", header, unbroken(row.title));
      for (const detail of row.details) html("div", "detail", header, detail).translate = false;
      for (const cell of row.cells) this.fillCell(element("td", "cell", line), cell, data);
    }
  }

  fillCell(box, cell, data) {
    box.translate = false;  // its numbers and sentences change: a browser that translates would keep the old ones
    if (!cell.shares) { html("p", "waiting", box, data.labels.waiting); return; }
    const bar = html("div", "bar", box);
    bar.setAttribute("role", "img");
    bar.setAttribute("aria-label", cell.bar);
    cell.shares.forEach((share, i) => { html("span", VERDICTS[i], bar).style.width = `${100 * share}%`; });
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

  makeLegend({ labels }) {
    this.legend.replaceChildren();
    VERDICTS.forEach((verdict, i) => {
      const item = html("span", "item", this.legend);
      html("span", `sample ${verdict}`, item).setAttribute("aria-hidden", "true");
      item.append(document.createTextNode(` ${SYMBOLS[i]} ${labels.verdicts[i]}`));
    });
  }

  // A row for each cell that has its numbers.
  numbers({ low, high }) {
    const { rows, columns, labels } = this.data, cells = rows.flatMap(({ title, cells }) =>
      cells.map((cell, column) => ({ title, column: columns[column], ...cell }))).filter(({ shares }) => shares);
    return [
      [...labels.dice, ...labels.verdicts, ...(cells[0]?.measures ?? []).flatMap(({ name }) => [name, `${name}: ${low}`, `${name}: ${high}`])],
      ...cells.map(({ title, column, shares, measures }) =>
        [title, column, ...shares.map((share) => Number(share.toFixed(4))), ...measures.flatMap(({ estimate }) => estimate)]),
    ];
  }

  // The newest sentence on top, under it those before it, as many as there is room for.
  draw(position) {
    const { compact, labels } = this.data;
    for (const { list, sentences } of this.feeds) {
      const last = Math.min(position, sentences.length - 1);
      list.replaceChildren();
      for (let i = last; i >= Math.max(0, last - (compact ? 0 : 2)); i--) {
        const [text, verdict] = sentences[i];
        const item = html("li", VERDICTS[verdict], list);
        const badge = html("span", "verdict", item, SYMBOLS[verdict]);
        html("span", "word", badge, ` ${labels.short[verdict]}`);
        badge.title = labels.verdicts[verdict];
        if (compact) item.title = text;  // a narrow cell has room for its first words only
        item.append(document.createTextNode(" " + text));
      }
    }
    for (const { list } of this.feeds) {
      const end = list.getBoundingClientRect().bottom + 1;
      while (list.childElementCount > 1 && list.lastElementChild.getBoundingClientRect().bottom > end) list.lastElementChild.remove();
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

export const { update, destroy } = playersOf(ExperimentTable);
