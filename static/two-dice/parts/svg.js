// The few helpers that every drawn picture needs. Text is always set as text, never as HTML.

const NAMESPACE = "http://www.w3.org/2000/svg";

// svg("circle", { cx: 1, cy: 2 }, parent) -> the new element
export function svg(tag, attributes, parent, text) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  parent?.append(element);
  return element;
}

// html("p", "caption", parent, "text") -> the new element
export function html(tag, className, parent, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  parent?.append(element);
  return element;
}

// fill("{kept} of {n}", { kept: 3, n: 8 }) -> "3 of 8"
export function fill(template, values) {
  return unbroken(template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole)));
}

// "84 %" and "p = 0.3" stay on one line each.
export const unbroken = (text) => text.replace(/(\d) %/g, "$1\u00a0%").replace(/(\w) = /g, "$1\u00a0=\u00a0");

const PIPS = { 1: [4], 2: [0, 8], 3: [0, 4, 8], 4: [0, 2, 6, 8], 5: [0, 2, 4, 6, 8], 6: [0, 2, 3, 5, 6, 8] };

// A die of side 44 whose face can be set.
export function die(parent, x, y, colour) {
  const group = svg("g", { transform: `translate(${x} ${y})`, class: "die" }, parent);
  svg("rect", { x: -22, y: -22, width: 44, height: 44, rx: 9, fill: colour }, group);
  const pips = [...Array(9).keys()].map((i) =>
    svg("circle", { cx: ((i % 3) - 1) * 12, cy: (Math.floor(i / 3) - 1) * 12, r: 4.2, fill: "#fff" }, group));
  return (face) => pips.forEach((pip, i) => pip.setAttribute("fill-opacity", PIPS[face].includes(i) ? 1 : 0));
}
