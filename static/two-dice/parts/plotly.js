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
// is a space before %. So each tick that an axis may have gets another name. percentage: "{} %", say.
export function percentTicks(percentage, [decimal]) {
  if (percentage === "{}%") return {};
  const whole = [...Array(101).keys()].map(String);
  const small = [1, 2, 3, 4, 5].flatMap((places) => [1, 2, 5].map((digit) => (digit * 10 ** -places).toFixed(places)));
  const numbers = [...whole, ...small.map((text) => text.replace(".", decimal))];
  return Object.fromEntries(["", "\u2212"].flatMap((sign) =>
    numbers.map((number) => [`${sign}${number}%`, sign + percentage.replace("{}", number)])));
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
