// Plotly, 5 MB of script: loaded once for a page, and only when something asks for it.

let plotly = null;

export function loadPlotly(address) {
  plotly ??= new Promise((resolve, reject) => {
    if (globalThis.Plotly) return resolve(globalThis.Plotly);
    const script = document.createElement("script");
    script.src = new URL(address, document.baseURI);
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = () => { plotly = null; reject(new Error(`${script.src} could not be loaded`)); };  // to be tried again
    document.head.append(script);
  });
  return plotly;
}
