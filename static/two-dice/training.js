// Plays the recording of a training run: curves that grow, decision maps that bend, at the student's own pace.
//
// The server computes at full speed and sends the recording in pieces; this module asks for the next piece until it
// has all of it, so nothing can be lost. Plotly draws only what stays: axes, points, and the curves as far as they
// are received. What moves lies over or under its plots and costs next to nothing, so that watching a run does not
// slow it down: a clip that lets the curves be seen up to the present point, the marker of the best step, the map.
//
// data: { run, start, count, complete, recorded, progress, status, locale, separators, percentage, metric,
//         step: [...], series: { name: [...] }, mapsStart, maps: [base64 per arm] | null, mapSize,
//         panelsId, panels: [{ title, arm, range, curves: { data, layout }, map: { data, layout } | null }] | null, labels }
// panels is null where a request has named those that the browser has. The browser keeps all of a run:
// turning a switch there and back needs no request.

const version = new URL(import.meta.url).search;
const { Player, playersOf, larger } = await import("./parts/player.js" + version);
const { createTransport, calm } = await import("./parts/transport.js" + version);
const { svg, html, fill, unbroken } = await import("./parts/svg.js" + version);
const { loadPlotly, percentNames } = await import("./parts/plotly.js" + version);

const INTERVAL = 150;       // ms a recorded point at speed 1: a hundred points take fifteen seconds
const REQUEST_AFTER = 300;  // ms between two pieces: about three a second
const REQUEST_AGAIN = 2500; // ms without an answer
const RETRY = 3000;         // ms until a script that did not arrive is requested again

const CONFIG = { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: "autosize" };

let made = 0;   // numbers the clips, whose ids are the document's

class TrainingPlayer extends Player {
  constructor(root) {
    super(root, "training");
    this.id = `two-dice-player-${made++}`;
    this.run = null;
    this.known = new Map();  // all panels of this run, by their id
    this.panels = null;      // those to be shown
    this.panelsId = null;
    this.shown = "";         // what the plots on screen were made for
    this.plots = [];
    this.status = html("div", "status", this.holder);
    this.bar = html("progress", "", this.status);
    this.bar.max = 1;
    this.statusText = html("span", "", this.status);
    this.statusText.translate = false;  // it changes: a browser that translates would keep the old numbers
    this.grid = html("div", "panels", this.holder);
    this.legend = html("div", "legend", this.holder);
  }

  destroy() {
    this.destroyed = true;
    clearTimeout(this.nextRequest);
    clearTimeout(this.retry);
    this.purge();
    super.destroy();
  }

  // Every answer of the server leads to the next request, even one that changes nothing here.
  update(data) {
    super.update(data);
    this.requestMore(data);
  }

  show(data) {
    const fresh = data.run !== this.run;
    if (fresh) this.begin(data);
    if (data.panels) this.known.set(data.panelsId, data.panels);
    if (this.known.has(data.panelsId)) [this.panels, this.panelsId] = [this.known.get(data.panelsId), data.panelsId];
    this.keep(data);
    this.bar.value = data.progress;
    this.bar.setAttribute("aria-label", data.labels.progress);
    this.statusText.textContent = unbroken(data.status);
    this.status.hidden = !data.status;
    this.transport.setLength(this.have, data.complete && this.have >= data.count);
    if (fresh && data.recorded) this.transport.go(this.have - 1);  // what it came to is seen first
    this.move();  // the curves of a run that is over come at once, its maps in pieces: one may be that of this point
    if (this.panelsId === data.panelsId) this.makePlots();
  }

  begin(data) {
    // Who has pressed Train on a phone sees the picture, which is above the button.
    if (this.run !== null) this.holder.scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
    this.run = data.run;
    this.known.clear();
    this.step = []; this.series = {}; this.maps = [];
    this.plotted = 0;        // points that the curves on screen were given
    this.requested = -1;     // where the last request began
    this.last = undefined;   // the point on screen
    this.transport?.destroy();
    this.transport = createTransport(this.holder, {
      labels: data.labels.transport, interval: INTERVAL, onFrame: (position) => this.draw(position),
    });
    this.transport.setLength(1, false);
    this.plots.forEach(clear);
    this.holder.dataset.run = data.run;
    delete this.holder.dataset.drawn;
    // Under reduced motion nothing moves by itself: the student scrubs, or follows the newest point.
    if (data.recorded) return;
    if (calm()) this.transport.follow(true);
    else this.transport.play();
  }

  get have() { return this.step.length; }

  // Append what is beyond the own length. A piece that starts later than that would leave a gap: it is requested again.
  keep(data) {
    const skip = this.have - data.start;
    if (skip >= 0 && skip < data.step.length) {
      this.step.push(...data.step.slice(skip));
      for (const [name, values] of Object.entries(data.series)) (this.series[name] ??= []).push(...values.slice(skip));
    }
    const cells = data.mapSize * data.mapSize;
    data.maps?.forEach((text, arm) => {
      const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0)), maps = (this.maps[arm] ??= []);
      for (let i = 0; i < bytes.length / cells; i++) maps[data.mapsStart + i] ??= bytes.subarray(i * cells, (i + 1) * cells);
    });
  }

  // The first recorded point whose map has not come; as many as there are points where all have, or where none are.
  get mapsHave() {
    const maps = this.maps[0];
    const missing = maps ? this.step.findIndex((_, i) => !maps[i]) : -1;
    return missing < 0 ? this.have : missing;
  }

  // The last request only says that all has come, so that no later rerun of the page sends a piece again.
  requestMore(data) {
    clearTimeout(this.nextRequest);
    const { have, mapsHave } = this;
    const lacks = have < data.count || mapsHave < have || this.panelsId !== data.panelsId;
    if (data.complete && !lacks && this.requested === have) return;
    const request = () => {
      this.requested = this.mapsHave;
      this.trigger("request", { run: data.run, from: this.have, maps: this.mapsHave, panelsId: this.panelsId });
      this.nextRequest = setTimeout(request, REQUEST_AGAIN);
    };
    this.nextRequest = setTimeout(request, lacks ? 30 : REQUEST_AFTER);
  }

  resize() {
    for (const { curves, map } of this.plots) {
      for (const plot of [curves, map]) if (plot?._fullLayout) globalThis.Plotly.Plots.resize(plot);
    }
  }

  // Show the panels, in the plots that are there if these fit.
  async makePlots() {
    const style = getComputedStyle(this.holder);
    const text = style.getPropertyValue("--st-text-color").trim() || style.color;
    const wanted = `${this.panelsId} ${text}`;
    if (wanted === this.shown) return;
    this.shown = wanted;
    clearTimeout(this.retry);
    let Plotly;
    try { Plotly = await loadPlotly(); } catch { this.explainFailure(); }
    if (!Plotly || wanted !== this.shown || this.destroyed) return;

    const withMaps = Boolean(this.panels[0].map);
    if (this.plots.length !== this.panels.length || this.withMaps !== withMaps) {
      this.purge();
      this.grid.replaceChildren();
      this.withMaps = withMaps;
      this.grid.classList.toggle("with-maps", withMaps);
      this.plots = this.panels.map((panel, i) => this.makePlot(i));
    }
    this.plotted = this.have;
    const range = this.range(this.data), full = this.panels.map(({ curves }) => this.filled(curves, range));
    for (const [i, panel] of this.panels.entries()) {
      const { title, curves, map } = this.plots[i];
      title.textContent = panel.title;
      for (const [element, figure] of [[curves, full[i]], [map, panel.map]]) {
        const shown = JSON.stringify([figure, text, element === curves && this.run]);
        if (!element || element.shown === shown) continue;  // the points of a map stay, whatever the curves show
        element.shown = shown;
        const { data, layout } = themed(figure, text, style.fontFamily);
        const { separators, percentage } = this.data;
        const template = { layout: { yaxis: { labelalias: percentNames(percentage) } } };
        await Plotly.react(element, data, { ...layout, separators, template }, CONFIG);
        if (!element.dataset.listens) this.listen(element, panel.title);
        delete element.dataset.zoomed;
      }
    }
    this.makeLegend();
    this.draw(this.transport.position);
  }

  // Words in place of the plots, until the script has come.
  explainFailure() {
    if (!this.plots.length) this.grid.textContent = this.failure;
    this.retry = setTimeout(() => { this.shown = ""; this.makePlots(); }, RETRY);
  }

  purge() {
    for (const { curves, map } of this.plots) for (const plot of [curves, map]) if (plot) globalThis.Plotly?.purge(plot);
    this.plots = [];
  }

  // The empty figure of an arm's curves, with all that is received.
  filled({ data, layout }, range) {
    const traces = data.map((trace) => {
      const values = this.series[trace.meta?.series];
      return values ? { ...trace, x: this.step.slice(), y: values.slice() } : trace;
    });
    return { data: traces, layout: range ? { ...layout, yaxis: { ...layout.yaxis, range } } : layout };
  }

  // One arm: its title, its numbers, its curves under what moves over them, its map under its points.
  makePlot(i) {
    const panel = html("section", "panel", this.grid);
    const title = html("h3", "", panel), numbers = html("p", "numbers", panel);
    numbers.translate = false;
    const stage = html("div", "stage", panel), curves = html("div", "curves", stage);
    const over = svg("svg", { class: "over", "aria-hidden": "true" }, stage);
    const clip = svg("rect", { x: -20, y: -20, width: 0, height: 2000 }, svg("clipPath", { id: `${this.id}-${i}` }, over));
    const best = svg("path", { visibility: "hidden" }, over);
    if (!this.withMaps) return { title, numbers, curves, clip, best };
    const under = html("div", "stage", panel), canvas = html("canvas", "", under);
    return { title, numbers, curves, clip, best, canvas, map: html("div", "map", under) };
  }

  listen(element, title) {
    element.dataset.listens = "yes";
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", title);
    // Plotly has laid the plot out anew: what lies over and under it follows.
    element.on("plotly_afterplot", () => this.move());
    if (!element.matches(".curves")) return;
    // A zoom of the student's own is left alone until a double click gives it back.
    element.on("plotly_relayout", (event) => {
      if ("yaxis.range[0]" in event) element.dataset.zoomed = "yes";
      if (event["yaxis.autorange"]) { delete element.dataset.zoomed; this.plotted = 0; this.draw(this.transport.position); }
    });
    // What is not shown yet cannot be pointed at either.
    element.on("plotly_beforehover", ({ clientX }) => {
      const { xaxis, _size } = element._fullLayout;
      return (clientX - element.getBoundingClientRect().left) / larger(element) - _size.l < xaxis.d2p(this.step[this.last]) + 4;
    });
  }

  // Both panels share one range, over everything received, so that they can be compared and do not jump while playing.
  range(data) {
    const shown = this.panels.flatMap((panel) => panel.curves.data.filter((t) => t.meta?.series).map((t) => t.meta.series));
    // Before the first point, the server says which values are to be expected.
    let [low, high] = this.have ? [Infinity, -Infinity] : this.panels[0].range;
    for (const name of new Set(shown)) for (const value of this.series[name] ?? []) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    for (const panel of this.panels) for (const { y0 } of panel.curves.layout.shapes ?? []) {
      low = Math.min(low, y0); high = Math.max(high, y0);
    }
    if (!(high > low)) return null;
    if (this.panels[0].curves.layout.yaxis.type === "log") {
      const floor = Math.log10(Math.max(low, 1e-4)), top = Math.log10(high);
      return [floor - 0.05 * (top - floor), top + 0.05 * (top - floor)];
    }
    const margin = 0.05 * (high - low);
    return [data.metric === "loss" ? Math.min(0, low) : low - margin, high + margin];
  }

  // Show the recording up to a point. The curves are drawn anew only when that point is beyond what they have.
  draw(position) {
    if (!this.plots.length || !this.have) return;
    this.last = Math.min(position, this.have - 1);
    if (this.last >= this.plotted || (this.data.complete && this.plotted < this.have)) this.fillPlots();
    this.move();
    this.holder.dataset.drawn = this.last;
    this.holder.dataset.updates = Number(this.holder.dataset.updates ?? 0) + 1;
  }

  // Give Plotly all that is received.
  fillPlots() {
    this.plotted = this.have;
    const range = this.range(this.data);
    for (const [i, panel] of this.panels.entries()) {
      const { curves } = this.plots[i];
      const which = [...panel.curves.data.keys()].filter((index) => this.series[panel.curves.data[index].meta?.series]);
      const changed = {
        x: which.map(() => this.step.slice()),
        y: which.map((index) => this.series[panel.curves.data[index].meta.series].slice()),
      };
      const relayout = curves.dataset.zoomed || !range ? {} : { "yaxis.range": range };
      globalThis.Plotly.update(curves, changed, relayout, which);
    }
  }

  // Put everything that moves where it belongs at the present point.
  move() {
    const { last, data } = this;
    if (last === undefined || last >= this.have) return;
    for (const [i, panel] of this.panels.entries()) {
      const plot = this.plots[i];
      if (!plot?.curves._fullLayout) continue;
      this.reveal(plot, panel, `url(#${this.id}-${i})`);
      if (plot.map?._fullLayout && this.maps[panel.arm]?.[last]) paint(plot, panel.map.layout.meta, this.maps[panel.arm][last], data.mapSize);
      const text = this.numbersText(panel, last, data);
      if (plot.numbers.textContent === text) continue;
      plot.numbers.textContent = text;
      plot.curves.setAttribute("aria-label", `${panel.title}. ${text}`);
      plot.map?.setAttribute("aria-label", `${panel.title}. ${data.labels.map}`);
    }
  }

  // The curves up to the present point, and the best step so far.
  reveal({ curves, clip, best }, panel, clipping) {
    const { xaxis, yaxis, _size: { l, t } } = curves._fullLayout;
    clip.setAttribute("width", Math.max(0, 20.5 + xaxis.d2p(this.step[this.last])));
    const layer = curves.querySelector(".scatterlayer");
    if (layer?.getAttribute("clip-path") !== clipping) layer?.setAttribute("clip-path", clipping);
    const { meta, marker } = panel.curves.data.find((trace) => trace.meta?.best);
    const values = this.series[meta.best]?.slice(0, this.last + 1);
    if (!values?.length) return;
    const at = values.reduce((b, value, j) => ((meta.largest ? value > values[b] : value < values[b]) ? j : b), 0);
    const [x, y, r] = [xaxis.d2p(this.step[at]), yaxis.d2p(values[at]), marker.size * 0.65];
    const inside = x >= 0 && x <= xaxis._length && y >= 0 && y <= yaxis._length;
    for (const [name, value] of Object.entries({
      visibility: inside ? "visible" : "hidden", d: `M0 ${-r}L${r} 0L0 ${r}L${-r} 0Z`, transform: `translate(${l + x} ${t + y})`,
      fill: marker.color, stroke: marker.line.color, "stroke-width": marker.line.width,
    })) best.setAttribute(name, value);
  }

  // The numbers at the present point, in words.
  numbersText(panel, last, { labels, locale, metric }) {
    const style = metric === "loss" ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 };
    const value = (curve) => new Intl.NumberFormat(locale, style).format(this.series[`${curve}_${metric}.${panel.arm}.mean`][last]);
    return fill(labels.numbers, {
      step: new Intl.NumberFormat(locale).format(this.step[last]), train: value("train"), val: value("val"),
    });
  }

  // A row for each recorded step: every curve on screen, and the edges of its band.
  numbers({ low, high }) {
    const names = new Map();  // by series
    for (const { title, curves } of this.panels) for (const { name, meta, line } of curves.data) {
      const curve = meta?.series?.replace(/\.mean$/, "");
      if (!line?.width || !this.series[`${curve}.low`]) continue;
      names.set(`${curve}.mean`, `${title}: ${name}`);
      names.set(`${curve}.low`, `${title}: ${name}, ${low}`);
      names.set(`${curve}.high`, `${title}: ${name}, ${high}`);
    }
    return [
      [this.panels[0].curves.layout.xaxis.title.text, ...names.values()],
      ...this.step.map((step, i) => [step, ...[...names.keys()].map((name) => this.series[name][i] ?? "")]),
    ];
  }

  makeLegend() {
    this.legend.replaceChildren();
    const dashes = { dot: "2 5", dash: "8 5", dashdot: "8 4 2 4", solid: "none" };
    const listed = new Set(), { curves, map } = this.panels[0];
    for (const trace of [...curves.data, ...(curves.layout.shapes ?? []), ...(map?.data ?? [])]) {
      if (!trace.name || trace.showlegend === false || listed.has(trace.name)) continue;
      listed.add(trace.name);
      const item = html("span", "item", this.legend);
      const sample = svg("svg", { width: 30, height: 16, "aria-hidden": "true" }, item);
      if (trace.mode === "markers") {
        const { symbol, color, line } = trace.marker;
        const crossed = symbol === "x-thin" ? { stroke: "currentColor", "stroke-width": 2.4 } : { stroke: color === line.color ? "none" : line.color };
        svg("path", { d: SYMBOLS[symbol], transform: "translate(15 8)", fill: color ?? "none", ...crossed }, sample);
      } else if (trace.fillcolor) svg("rect", { x: 2, y: 2, width: 26, height: 12, fill: trace.fillcolor }, sample);
      else svg("line", { x1: 1, x2: 29, y1: 8, y2: 8, stroke: trace.line.color, "stroke-width": trace.line.width, "stroke-dasharray": dashes[trace.line.dash] ?? "none" }, sample);
      item.append(document.createTextNode(" " + trace.name));
    }
  }
}

// Plotly's symbols for the legend, around 0 0.
const SYMBOLS = {
  circle: "M-6 0A6 6 0 1 0 6 0A6 6 0 1 0 -6 0Z",
  square: "M-6 -6H6V6H-6Z",
  "triangle-up": "M0 -7L7 6H-7Z",
  "triangle-down": "M0 7L7 -6H-7Z",
  cross: "M-2 -6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z",
  diamond: "M0 -7L7 0L0 7L-7 0Z",
  "x-thin": "M-6 -6L6 6M6 -6L-6 6",
};

// A copy of the figure, which Plotly may write into, in the colours and the font of the page.
function themed(figure, color, family) {
  const { data, layout } = structuredClone(figure);
  for (const { marker } of data) if (marker?.symbol === "x-thin") marker.line.color = color;
  return { data, layout: { ...layout, font: { ...layout.font, color, family }, autosize: true } };
}

// Take away what moves: the run that it was of is another one.
function clear({ numbers, clip, best, canvas }) {
  numbers.textContent = "";
  clip.setAttribute("width", 0);
  best.setAttribute("visibility", "hidden");
  if (canvas) canvas.width = 0;
}

// Colour one recorded map and lay it under the points, where the plot has its axes.
function paint({ map, canvas }, { colors, extent: [left, right, bottom, top] }, cells, size) {
  const { xaxis, yaxis } = map._fullLayout, [w, h] = [xaxis._length, yaxis._length];
  const small = new OffscreenCanvas(size, size), pixels = new ImageData(size, size);
  // The colours lie at equal distances from 0 to 255; between two of them they mix.
  const shades = colors.map((color) => [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16)));
  for (let i = 0; i < cells.length; i++) {
    // The first row of a map is at the bottom, that of a picture at the top.
    const at = 4 * ((size - 1 - Math.floor(i / size)) * size + (i % size));
    const place = (cells[i] / 255) * (shades.length - 1), below = Math.min(Math.floor(place), shades.length - 2);
    for (let c = 0; c < 3; c++) pixels.data[at + c] = shades[below][c] + (place - below) * (shades[below + 1][c] - shades[below][c]);
    pixels.data[at + 3] = 255;
  }
  small.getContext("2d").putImageData(pixels, 0, 0);
  Object.assign(canvas.style, { left: `${xaxis._offset}px`, top: `${yaxis._offset}px`, width: `${w}px`, height: `${h}px` });
  const [width, height] = [Math.round(w * devicePixelRatio), Math.round(h * devicePixelRatio)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const brush = canvas.getContext("2d");
  brush.setTransform(canvas.width / w, 0, 0, canvas.height / h, 0, 0);
  brush.clearRect(0, 0, w, h);
  const [x0, x1, y0, y1] = [xaxis.d2p(left), xaxis.d2p(right), yaxis.d2p(top), yaxis.d2p(bottom)];
  brush.drawImage(small, x0, y0, x1 - x0, y1 - y0);
}

export const { update, destroy } = playersOf(TrainingPlayer);
