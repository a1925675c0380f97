// Plotly, by far the largest script here: loaded once for a page, and only when something asks for it.

const version = new URL(import.meta.url).search;
let plotly = null;

export function loadPlotly() {
  plotly ??= new Promise((resolve, reject) => {
    if (globalThis.Plotly) return resolve(globalThis.Plotly);
    const script = document.createElement("script");
    script.src = new URL("./plotly-basic.min.js" + version, import.meta.url);
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = () => { plotly = null; reject(new Error(`${script.src} could not be loaded`)); };  // to be tried again
    document.head.append(script);
  });
  return plotly;
}
