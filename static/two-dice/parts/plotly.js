// Plotly, by far the largest script here: loaded once for a page, and only when something needs it.

const address = new URL("./plotly-basic.min.js" + new URL(import.meta.url).search, import.meta.url);
let loading = null;

export function loadPlotly() {
  loading ??= new Promise((resolve, reject) => {
    if (globalThis.Plotly) return resolve(globalThis.Plotly);
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(globalThis.Plotly);
    script.onerror = () => { loading = null; reject(new Error(`${address} could not be loaded`)); };  // try again later
    document.head.append(script);
  });
  return loading;
}

// The same for paper, which waits for no script: nothing else goes on until it is there.
export function loadPlotlyAtOnce() {
  if (!globalThis.Plotly) {
    const request = new XMLHttpRequest();
    request.open("GET", address, false);
    request.send();
    const script = document.createElement("script");
    script.textContent = request.status === 200 ? request.responseText : "";
    document.head.append(script);
  }
  return globalThis.Plotly;
}
