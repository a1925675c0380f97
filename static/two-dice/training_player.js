// Plays the recording of a training run: curves that grow, decision maps that bend, at the student's own pace.
//
// The server computes at full speed and sends the recording in pieces; this module asks for the next piece until it
// has all of it, so nothing can be lost, and draws any point of it in place: the plots are made once and then only
// given other numbers, so a zoom stays.
//
// data: { run, start, count, total, complete, progress, status, locale, metric,
//         step: [...], series: { name: [...] }, maps: [base64 per arm] | null, mapSize,
//         panels: [{ title, arm, curves: { data, layout }, map: { data, layout } | null }], labels }

const version = new URL(import.meta.url).search;
const { createTransport, calm } = await import("./transport.js" + version);
const { svg, html, fill } = await import("./svg.js" + version);

const ASK_AFTER = 300;    // ms between two pieces: about three a second
const ASK_AGAIN = 2500;   // ms without an answer
const FRAME = 150;        // ms a recorded point at speed 1: a hundred points take fifteen seconds

let plotly = null;
function loadPlotly(address) {
  plotly ??= new Promise((resolve, reject) => {
    if (globalThis.Plotly) return resolve(globalThis.Plotly);
    const script = document.createElement("script");
    script.src = new URL(address, document.baseURI);
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = reject;
    document.head.append(script);
  });
  return plotly;
}

const players = new WeakMap();

export function update({ parentElement, data, setTriggerValue }) {
  const player = players.get(parentElement) ?? new Player(parentElement);
  players.set(parentElement, player);
  player.ask = (from) => setTriggerValue("want", { run: data.run, from });
  player.receive(data);
}

export function destroy(root) {
  players.get(root)?.destroy();
  players.delete(root);
}

class Player {
  constructor(root) {
    this.root = root;
    this.holder = root.querySelector(".two-dice");
    this.holder.classList.add("training");
    this.run = null;
    this.look = "";          // what the plots look like, so that they are remade only when it changes
    this.timer = null;
    this.drawing = false;
    this.status = html("div", "status", this.holder);
    this.bar = html("progress", "", this.status);
    this.bar.max = 1;
    this.said = html("span", "", this.status);
    this.grid = html("div", "panels", this.holder);
    this.legend = html("div", "legend", this.holder);
    this.plots = [];
    this.sized = new ResizeObserver(() => this.plots.forEach(({ curves, map }) =>
      [curves, map].forEach((plot) => plot?._fullLayout && globalThis.Plotly.Plots.resize(plot))));
    this.sized.observe(this.grid);
  }

  destroy() {
    clearTimeout(this.timer);
    this.sized.disconnect();
    this.transport?.destroy();
    this.plots.forEach(({ curves, map }) => [curves, map].forEach((plot) => plot && globalThis.Plotly?.purge(plot)));
    this.holder.replaceChildren();
  }

  receive(data) {
    this.data = data;
    if (data.run !== this.run) this.begin(data);
    this.keep(data);
    this.bar.value = data.progress;
    this.bar.setAttribute("aria-label", data.labels.progress);
    this.said.textContent = data.status;
    this.status.hidden = !data.status;
    this.transport.setLength(this.have, data.complete && this.have >= data.count);
    this.remake(data);
    this.askForMore(data);
  }

  begin(data) {
    this.run = data.run;
    this.step = []; this.series = {}; this.maps = [];
    this.transport?.destroy();
    this.transport = createTransport(this.holder, {
      labels: data.labels.transport, interval: FRAME, onFrame: (position) => this.draw(position),
    });
    this.transport.setLength(1, false);
    this.holder.dataset.run = data.run;
    // Under reduced motion nothing moves by itself: the student scrubs, or follows the newest point.
    if (calm()) this.transport.follow(true);
    else this.transport.play();
  }

  get have() { return this.step.length; }

  // Append what is beyond the own length. A piece that starts later than that would leave a gap: it is asked for again.
  keep(data) {
    const skip = this.have - data.start;
    if (skip < 0 || skip >= data.step.length) return;
    this.step.push(...data.step.slice(skip));
    for (const [name, values] of Object.entries(data.series)) (this.series[name] ??= []).push(...values.slice(skip));
    if (!data.maps) return;
    const cells = data.mapSize * data.mapSize;
    data.maps.forEach((text, arm) => {
      const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      for (let i = skip; i < data.step.length; i++) {
        const frame = bytes.subarray(i * cells, (i + 1) * cells);
        (this.maps[arm] ??= []).push([...Array(data.mapSize).keys()].map((row) => frame.subarray(row * data.mapSize, (row + 1) * data.mapSize)));
      }
    });
  }

  askForMore(data) {
    clearTimeout(this.timer);
    if (data.complete && this.have >= data.count) return;
    const again = () => { this.ask(this.have); this.timer = setTimeout(again, ASK_AGAIN); };
    this.timer = setTimeout(again, this.have < data.count ? 30 : ASK_AFTER);
  }

  async remake(data) {
    const style = getComputedStyle(this.holder);
    const text = style.getPropertyValue("--st-text-color").trim() || style.color;
    const look = JSON.stringify([data.run, data.panels, text]);
    if (look === this.look) return;
    this.look = look;
    const Plotly = await loadPlotly(data.labels.plotly);
    if (look !== this.look || !players.has(this.root)) return;

    if (this.plots.length !== data.panels.length || this.withMaps !== Boolean(data.panels[0].map)) {
      this.plots.forEach(({ curves, map }) => [curves, map].forEach((plot) => plot && Plotly.purge(plot)));
      this.grid.replaceChildren();
      this.withMaps = Boolean(data.panels[0].map);
      this.grid.classList.toggle("with-maps", this.withMaps);
      this.plots = data.panels.map(() => {
        const panel = html("section", "panel", this.grid);
        return {
          title: html("h3", "", panel), numbers: html("p", "numbers", panel),
          curves: html("div", "curves", panel), map: this.withMaps ? html("div", "map", panel) : null,
        };
      });
    }
    for (const [i, panel] of data.panels.entries()) {
      const { title, curves, map } = this.plots[i];
      title.textContent = panel.title;
      for (const [element, figure] of [[curves, panel.curves], [map, panel.map]]) {
        if (!element) continue;
        const layout = structuredClone(figure.layout);
        layout.font = { ...layout.font, color: text, family: style.fontFamily };
        layout.autosize = true;
        const config = { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: "autosize" };
        await Plotly.react(element, structuredClone(figure.data), layout, config);
        element.setAttribute("role", "img");
        if (!element.dataset.listens) {
          element.dataset.listens = "yes";
          // A zoom of the student's own is left alone until a double click gives it back.
          element.on("plotly_relayout", (event) => {
            if ("yaxis.range[0]" in event) element.dataset.zoomed = "yes";
            if (event["yaxis.autorange"]) { delete element.dataset.zoomed; this.draw(this.transport.position); }
          });
        }
      }
      delete curves.dataset.zoomed;
    }
    this.drawLegend(data);
    this.draw(this.transport.position);
  }

  // Both panels share one range, over everything received, so that they can be compared and do not jump while playing.
  range(data) {
    const shown = data.panels.flatMap((panel) => panel.curves.data.filter((t) => t.meta?.series).map((t) => t.meta.series));
    let low = Infinity, high = -Infinity;
    for (const name of new Set(shown)) for (const value of this.series[name] ?? []) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    for (const panel of data.panels) for (const trace of panel.curves.data) if (!trace.meta) {
      for (const value of trace.y) { low = Math.min(low, value); high = Math.max(high, value); }
    }
    if (!(high > low)) return null;
    if (data.panels[0].curves.layout.yaxis.type === "log") {
      const floor = Math.log10(Math.max(low, 1e-4)), top = Math.log10(high);
      return [floor - 0.05 * (top - floor), top + 0.05 * (top - floor)];
    }
    const margin = 0.05 * (high - low);
    return [data.metric === "loss" ? Math.min(0, low) : low - margin, high + margin];
  }

  async draw(position) {
    if (!this.plots.length || !this.have || this.drawing) { this.missed = this.drawing; return; }
    this.drawing = true;
    const { data } = this, Plotly = globalThis.Plotly, last = Math.min(position, this.have - 1);
    const x = this.step.slice(0, last + 1), range = this.range(data);
    for (const [i, panel] of data.panels.entries()) {
      const { curves, map, numbers } = this.plots[i];
      const changed = { x: [], y: [] }, which = [];
      panel.curves.data.forEach((trace, index) => {
        const { series, best, largest } = trace.meta ?? {};
        const values = this.series[series ?? best]?.slice(0, last + 1);
        if (!values) return;
        which.push(index);
        if (series) { changed.x.push(x); changed.y.push(values); return; }
        const at = values.reduce((b, value, j) => ((largest ? value > values[b] : value < values[b]) ? j : b), 0);
        changed.x.push([x[at]]); changed.y.push([values[at]]);
      });
      // An axis is laid out anew only when its range has changed: that costs more than all the curves.
      const known = String(curves.layout.yaxis.range) === String(range);
      const relayout = curves.dataset.zoomed || !range || known ? {} : { "yaxis.range": range };
      await Plotly.update(curves, changed, relayout, which);
      if (map && this.maps[panel.arm]?.[last]) await Plotly.restyle(map, { z: [this.maps[panel.arm][last]] }, [0]);
      const said = this.read(panel, last, data);
      numbers.textContent = said;
      curves.setAttribute("aria-label", `${panel.title}. ${said}`);
      map?.setAttribute("aria-label", `${panel.title}. ${data.labels.map}`);
    }
    this.holder.dataset.drawn = last;
    this.holder.dataset.updates = Number(this.holder.dataset.updates ?? 0) + 1;
    this.drawing = false;
    if (this.missed) { this.missed = false; this.draw(this.transport.position); }
  }

  // The numbers at the present point, in words.
  read(panel, last, { labels, locale, metric }) {
    const style = metric === "loss" ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 };
    const value = (curve) => new Intl.NumberFormat(locale, style).format(this.series[`${curve}_${metric}.${panel.arm}.median`][last]);
    return fill(labels.numbers, {
      step: new Intl.NumberFormat(locale).format(this.step[last]), train: value("train"), val: value("val"),
    });
  }

  drawLegend(data) {
    this.legend.replaceChildren();
    const dashes = { dot: "2 5", dash: "8 5", dashdot: "8 4 2 4", solid: "none" };
    const seen = new Set();
    for (const trace of [...data.panels[0].curves.data, ...(data.panels[0].map?.data ?? [])]) {
      if (!trace.name || trace.showlegend === false || seen.has(trace.name)) continue;
      seen.add(trace.name);
      const item = html("span", "item", this.legend);
      const sample = svg("svg", { width: 30, height: 16, "aria-hidden": "true" }, item);
      if (trace.mode === "markers") {
        const { symbol, color, line } = trace.marker;
        if (symbol === "x-thin") svg("path", { d: "M9 2L21 14M21 2L9 14", stroke: "currentColor", "stroke-width": 2.4 }, sample);
        else if (symbol === "circle") svg("circle", { cx: 15, cy: 8, r: 6, fill: color }, sample);
        else if (symbol === "square") svg("rect", { x: 9, y: 2, width: 12, height: 12, fill: color }, sample);
        else svg("path", { d: "M15 1L22 8L15 15L8 8Z", fill: color, stroke: line.color }, sample);
      } else if (trace.fillcolor) svg("rect", { x: 2, y: 2, width: 26, height: 12, fill: trace.fillcolor }, sample);
      else svg("line", { x1: 1, x2: 29, y1: 8, y2: 8, stroke: trace.line.color, "stroke-width": trace.line.width, "stroke-dasharray": dashes[trace.line.dash] ?? "none" }, sample);
      item.append(document.createTextNode(" " + trace.name));
    }
  }
}
