// A chart of Plotly's that costs nothing until somebody comes near it.
//
// Plotly takes longer to load than the rest of a page together. So it is asked for when a chart is about to be seen and
// the pictures of the page are there; until then the chart is an empty box of its own height. From then on new data are
// drawn into the same plot, and a chart out of sight only remembers the newest.
//
// data: { figure: { data, layout }, height, alt, plotly: the script's address }

const version = new URL(import.meta.url).search;
const { loadPlotly } = await import("./plotly.js" + version);
const { html } = await import("./svg.js" + version);

const NEAR = "200px";     // from the edge of the screen
const PATIENCE = 3000;    // ms to wait for the other pictures, one of which may never come
const CONFIG = { displayModeBar: false, scrollZoom: false, responsive: false };

const charts = new WeakMap();

export function update({ parentElement, data }) {
  const chart = charts.get(parentElement) ?? new Chart(parentElement);
  charts.set(parentElement, chart);
  chart.receive(data);
}

export function destroy(root) {
  charts.get(root)?.destroy();
  charts.delete(root);
}

const idle = (timeout) => new Promise((go) =>
  (globalThis.requestIdleCallback ? requestIdleCallback(go, { timeout }) : setTimeout(go, 50)));

async function picturesDrawn() {
  const end = performance.now() + PATIENCE;
  while (document.querySelector(".two-dice:empty") && performance.now() < end) await new Promise((go) => setTimeout(go, 50));
}

class Chart {
  constructor(root) {
    this.holder = root.querySelector(".two-dice");
    this.holder.classList.add("chart");
    this.plot = html("div", "plot", this.holder);
    this.plot.setAttribute("role", "img");
    this.near = false;
    this.look = "";          // what the plot on screen was drawn from
    this.drawings = 0;
    // The page scrolls in an element of its own, for which there is a margin of its own.
    this.seen = new IntersectionObserver((entries) => { this.near = entries.at(-1).isIntersecting; this.draw(); },
      { rootMargin: NEAR, scrollMargin: NEAR });
    this.seen.observe(this.plot);
    this.sized = new ResizeObserver(() => this.draw());
    this.sized.observe(this.plot);
  }

  destroy() {
    this.near = false;
    this.seen.disconnect();
    this.sized.disconnect();
    globalThis.Plotly?.purge(this.plot);
    this.holder.replaceChildren();
  }

  receive(data) {
    this.data = data;
    this.figure = JSON.stringify(data.figure);
    this.plot.style.height = `${data.height}px`;
    this.plot.setAttribute("aria-label", data.alt);
    this.draw();
  }

  // Bring the plot up to date, if it can be seen. What changes meanwhile is drawn right after.
  async draw() {
    if (!this.near || this.drawing) return;
    this.drawing = true;
    try {
      await picturesDrawn();
      await idle(this.drawings ? 100 : 1000);
      if (this.near) await this.catchUp(await loadPlotly(this.data.plotly));
    } catch (error) {
      console.error(error);
      if (!this.drawings) this.plot.textContent = this.data.alt;
    }
    this.drawing = false;
  }

  async catchUp(Plotly) {
    while (this.near) {
      const { width, style } = this.measure(), look = [this.figure, width, ...Object.values(style)].join();
      if (!width || look === this.look) return;
      this.look = look;
      if (!this.drawings) this.plot.replaceChildren();
      const { data, layout } = JSON.parse(this.figure);  // Plotly writes into what it is given
      await Plotly.react(this.plot, data, { ...layout, ...this.surroundings(layout, style), width, height: this.data.height }, CONFIG);
      this.holder.dataset.drawn = ++this.drawings;
    }
  }

  measure() {
    const computed = getComputedStyle(this.holder), theme = (name) => computed.getPropertyValue(name).trim();
    return {
      width: Math.floor(this.plot.getBoundingClientRect().width),
      style: {
        text: theme("--st-text-color") || computed.color, background: theme("--st-background-color"),
        family: computed.fontFamily,
      },
    };
  }

  // What the page around the figure decides: its colours, its font, and what a finger does.
  surroundings(layout, { text, background, family }) {
    const font = { color: text, family, size: layout.font?.size ?? 15 };
    const touched = matchMedia("(pointer: coarse)").matches;
    const title = { standoff: 10, font: { size: font.size } };
    const axis = { automargin: true, zeroline: false, ticklabelstandoff: 4, fixedrange: touched, title };
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
