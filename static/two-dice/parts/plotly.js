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

// What makes Plotly write percentages as a language does: it knows a language's decimal sign, but not that in some there
// is a space before %. It looks each text of an axis up in a list of other names, in a hover label too; so this is a list
// that has one for every percentage. percentage: "{} %", say.
export function percentNames(percentage) {
  const nameOf = (text) => (/^[^%]*\d%$/.test(text) ? percentage.replace("{}", text.slice(0, -1)) : undefined);
  return new Proxy({}, {
    get: (names, text) => (typeof text === "string" && nameOf(text)) || names[text],
    getOwnPropertyDescriptor: (names, text) => {
      const value = typeof text === "string" ? nameOf(text) : undefined;
      return value && { value, configurable: true, enumerable: true };
    },
  });
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
