// A chart of Plotly's that costs nothing until somebody comes near it.
//
// Plotly takes longer to load than the rest of a page together. So it is asked for when a chart is near and the pictures
// of the page are there; until then the chart is an empty box of its own height. In sight, new data are drawn into the
// same plot; out of sight, a chart only remembers the newest.
//
// data: { figure: { data, layout }, separators, percentage, height, alt }; separators: the decimal sign, and what parts
// thousands; percentage: "{}%" with what stands around the number

const version = new URL(import.meta.url).search;
const { Player, playersOf, larger } = await import("./parts/player.js" + version);
const { loadPlotly, loadPlotlyAtOnce, percentNames } = await import("./parts/plotly.js" + version);
const { html } = await import("./parts/svg.js" + version);

const NEAR = "200px";     // from the edge of the screen: Plotly is loaded
const SEEN = "30px";      // the chart is drawn
const PATIENCE = 3000;    // ms to wait for the other pictures, one of which may never come
const RETRY = 3000;       // ms until a script that did not arrive is requested again
const CONFIG = { displayModeBar: false, scrollZoom: false, responsive: false };

const idle = (timeout) => new Promise((go) =>
  (globalThis.requestIdleCallback ? requestIdleCallback(go, { timeout }) : setTimeout(go, 50)));

const painted = () => new Promise((go) => requestAnimationFrame(() => setTimeout(go)));

async function picturesDrawn() {
  const end = performance.now() + PATIENCE;
  while (document.querySelector(".two-dice:empty") && performance.now() < end) await new Promise((go) => setTimeout(go, 50));
}

class Chart extends Player {
  constructor(root) {
    super(root, "chart");
    this.plot = html("div", "plot", this.holder);
    this.plot.setAttribute("role", "img");
    this.drawn = "";         // what the plot on screen was drawn from
    this.drawings = 0;
    this.near = this.seen = false;
    this.watching = [
      this.watch(NEAR, (near) => { this.near = near; this.load().catch(() => {}); }),
      this.watch(SEEN, (seen) => { this.seen = seen; this.draw(); }),
    ];
    this.print = () => this.drawAtOnce();
    addEventListener("beforeprint", this.print);
  }

  destroy() {
    this.near = this.seen = false;
    clearTimeout(this.retry);
    removeEventListener("beforeprint", this.print);
    this.watching.forEach((observer) => observer.disconnect());
    globalThis.Plotly?.purge(this.plot);
    super.destroy();
  }

  // The page scrolls in an element of its own, for which there is a margin of its own.
  watch(margin, onChange) {
    const observer = new IntersectionObserver((entries) => onChange(entries.at(-1).isIntersecting),
      { rootMargin: margin, scrollMargin: margin });
    observer.observe(this.plot);
    return observer;
  }

  show(data) {
    this.figure = JSON.stringify(data.figure);
    this.takeRoom();
    this.plot.setAttribute("aria-label", data.alt);
    // The browser reports only after its next frame that a new chart is in sight; with Plotly loaded, that frame would be lost.
    if (!this.drawings && globalThis.Plotly) this.seen = this.inSight();
    this.draw();
  }

  resize() { this.draw(); }

  inSight() {
    const { top, bottom } = this.plot.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  }

  // Plotly, if the chart is still near when the browser has time for it.
  async load() {
    // What is seen is near, but the browser may report one before the other.
    const wanted = () => this.near || this.seen;
    if (!wanted() || globalThis.Plotly) return globalThis.Plotly;
    await picturesDrawn();
    await idle(1000);
    return wanted() ? loadPlotly() : undefined;
  }

  // Bring the plot up to date, if it can be seen. What changes meanwhile is drawn right after.
  async draw() {
    if (!this.seen || !this.data || this.drawing) return;
    this.drawing = true;
    clearTimeout(this.retry);
    try {
      const Plotly = await this.load();
      if (Plotly) {
        if (this.drawings) await painted();  // the page's picture comes first; to a new chart it has come already
        while (this.seen && await this.render(Plotly)) this.holder.dataset.drawn = this.drawings;
      }
    } catch (error) {
      console.error(error);
      if (!this.drawings) this.plot.textContent = this.data.alt;
      this.retry = setTimeout(() => this.draw(), RETRY);
    }
    this.drawing = false;
  }

  // Paper shows all charts, those too that were never near the screen.
  drawAtOnce() {
    if (this.data && loadPlotlyAtOnce()) this.render(globalThis.Plotly);
  }

  // Draw the newest figure, unless that is what the plot shows already.
  render(Plotly) {
    const { width, height, style } = this.measure(), { separators, percentage } = this.data;
    const wanted = [this.figure, separators, percentage, height, width, ...Object.values(style)].join();
    if (!width || wanted === this.drawn) return false;
    this.drawn = wanted;
    if (!this.drawings++) this.plot.replaceChildren();
    const { data, layout } = this.enlarged(style.times);
    return Plotly.react(this.plot, data, { ...layout, separators, ...this.surroundings(layout, style), width, height }, CONFIG);
  }

  // Where the page is shown larger, Plotly would place its text wrongly. So the plot keeps its size, and is given more of
  // the screen and larger text.
  takeRoom() {
    const times = larger(this.holder), height = Math.round(this.data.height * times);
    Object.assign(this.plot.style, { zoom: 1 / times, height: `${height}px` });
    return [times, height];
  }

  // The figure, of its own since Plotly writes into what it is given, with all text so many times as large.
  enlarged(times) {
    return JSON.parse(this.figure, (key, value) =>
      (/font$/.test(key) && typeof value.size === "number" ? { ...value, size: times * value.size } : value));
  }

  // A row for each point, with the ends of its interval where it has one. A band has no points of its own: its edges are
  // the traces of a pair, or one line out along the upper edge and back along the lower one (lib/figures/).
  numbers({ low, high }) {
    const { data, layout } = JSON.parse(this.figure), rows = [], plain = (text) => String(text ?? "").replace(/<[^>]*>/g, " ");
    let band = [];
    data.forEach((trace, i) => {
      const xs = unpacked(trace.x), ys = unpacked(trace.y), { error_x: across, error_y: along } = trace;
      if (data[i + 1]?.fill === "tonexty" && !trace.name) return;
      if (trace.fill === "toself") { band = ys.slice(0, ys.length / 2).map((top, j) => [ys.at(-1 - j), top]); return; }
      const lower = trace.fill === "tonexty" ? unpacked(data[i - 1].y) : null;
      const middle = across ? xs : ys, error = across ?? along;
      ys.forEach((y, j) => {
        const x = xs.length ? xs[j] : (trace.x0 ?? 0) + j * (trace.dx ?? 1);
        const ends = lower ? [lower[j], y] : error ? [middle[j] - (error.arrayminus ?? error.array)[j], middle[j] + error.array[j]] : band[j];
        rows.push([plain(trace.name), plain(x), lower ? "" : plain(y), ...(ends ?? ["", ""])]
          .map((cell, column) => (column && cell !== "" && Number.isFinite(Number(cell)) ? Number(Number(cell).toPrecision(7)) : cell)));
      });
      band = [];
    });
    return [["", plain(layout.xaxis?.title?.text), plain(layout.yaxis?.title?.text), low, high], ...rows];
  }

  measure() {
    const computed = getComputedStyle(this.holder), theme = (name) => computed.getPropertyValue(name).trim();
    const [times, height] = this.takeRoom();
    return {
      width: Math.floor(this.plot.getBoundingClientRect().width),
      height,
      style: {
        times,
        text: theme("--st-text-color") || computed.color, background: theme("--st-background-color"),
        family: computed.fontFamily,
      },
    };
  }

  // What the page around the figure decides: its colours, its font, and what a finger does.
  surroundings(layout, { times, text, background, family }) {
    const font = { color: text, family, size: layout.font?.size ?? 15 * times };
    const touched = matchMedia("(pointer: coarse)").matches;
    const title = { standoff: 10, font: { size: font.size } };
    const labelalias = percentNames(this.data.percentage);
    const axis = { labelalias, automargin: true, zeroline: false, ticklabelstandoff: 4, fixedrange: touched, title };
    return {
      autosize: false,
      font,
      paper_bgcolor: "transparent",
      plot_bgcolor: "transparent",
      hoverlabel: { bgcolor: background, font, align: "left" },
      // A finger that goes over a chart scrolls the page.
      dragmode: touched ? false : "zoom",
      // The person's own zoom, and what is hidden in the legend, outlast new numbers, but not other quantities.
      uirevision: [layout.xaxis, layout.yaxis].map((each) => each?.title?.text).join(),
      template: { layout: { xaxis: axis, yaxis: axis } },
    };
  }
}

// The numbers of an axis: a list, or their bytes in base64 (lib/figures/figure.py).
function unpacked(values = []) {
  if (!values.bdata) return values;
  const { buffer } = Uint8Array.from(atob(values.bdata), (character) => character.charCodeAt(0));
  return [...new { i4: Int32Array, f4: Float32Array }[values.dtype](buffer)];
}

export const { update, destroy } = playersOf(Chart);
