// A picture as it is on the page, HTML, SVG and canvas alike, as one SVG file that needs nothing else: every style is
// written where it is used, and every text stands where the browser has put it.

const NAMESPACE = "http://www.w3.org/2000/svg";
const MARGIN = 16;
const ROWS = ".transport, .status";                // what is operated, not looked at, and takes no room in the drawing
const LEFT_OUT = `${ROWS}, .save, [popover]`;

// drawingOf(holder, "Its title", "https://...") -> { text, width, height, background }
export function drawingOf(holder, title, link) {
  const { backgroundColor } = getComputedStyle(holder.closest(".stApp") ?? document.body);
  const still = element("style", {}, holder);
  still.textContent = ".two-dice * { transition: none !important; }";  // what is on its way is drawn where it goes
  const width = Math.ceil(holder.getBoundingClientRect().width), root = new Drawing();
  const head = note(holder, title, "font-size: 20px; font-weight: 600; padding-bottom: 10px");
  const foot = note(holder, link, "font-size: 14px; padding-top: 10px; opacity: 0.8");
  let y = MARGIN;
  for (const each of [head, holder, foot]) y += root.place(each, MARGIN, y, [head, foot, still]);
  for (const each of [head, foot, still]) each.remove();
  return root.finished(width + 2 * MARGIN, Math.ceil(y) + MARGIN, colour(backgroundColor)[0], title, link);
}

// A paragraph as wide as the picture, away from the screen, for the browser to break into lines.
function note(holder, text, style) {
  const made = element("p", {}, holder);
  made.textContent = text;
  made.style = `position: fixed; left: -9999px; top: 0; margin: 0; overflow-wrap: anywhere; ${style}`;
  made.style.width = `${holder.getBoundingClientRect().width}px`;
  return made;
}

class Drawing {
  constructor() {
    this.svg = shape("svg", { xmlns: NAMESPACE });
    this.clips = 0;
  }

  // Draw an element with its upper left corner at x, y. What is left out takes no room. Returns the height.
  place(top, x, y, others) {
    const { left, top: above, height } = top.getBoundingClientRect();
    const gaps = [...top.querySelectorAll(ROWS)].map((each) => each.getBoundingClientRect());
    const lost = (bottom) => gaps.reduce((sum, gap) => sum + (gap.bottom <= bottom + 1 ? gap.height : 0), 0);
    this.others = others.filter((each) => each !== top);
    this.at = ({ left: l, top: t }) => [l - left + x, t - above + y - lost(t)];
    this.element(top, this.svg);
    return height - lost(Infinity);
  }

  finished(width, height, background, title, link) {
    const size = { width, height, viewBox: `0 0 ${width} ${height}` };
    for (const [name, value] of Object.entries(size)) this.svg.setAttribute(name, value);
    this.svg.prepend(shape("title", {}, null, title), shape("desc", {}, null, link), shape("rect", { width, height, fill: background }));
    return { text: new XMLSerializer().serializeToString(this.svg), width, height, background };
  }

  element(source, parent) {
    if (source.matches(LEFT_OUT) || this.others.includes(source)) return;
    const style = getComputedStyle(source), box = source.getBoundingClientRect();
    if (style.display === "none" || style.opacity === "0") return;
    if (source.localName === "svg") return this.graphic(source, style, box, parent);
    const [x, y] = this.at(box), { width, height } = box, seen = style.visibility === "visible";
    let group = style.opacity === "1" ? parent : shape("g", { opacity: style.opacity }, parent);
    if (seen) this.box(style, { x, y, width, height }, group);
    if (seen && source.localName === "canvas" && source.width)
      shape("image", { x, y, width, height, href: source.toDataURL() }, group);
    if (/hidden|clip|auto/.test(style.overflow)) group = this.clipped({ x, y, width, height }, group);
    for (const each of source.childNodes) {
      if (each.nodeType === Node.ELEMENT_NODE) this.element(each, group);
      else if (each.nodeType === Node.TEXT_NODE && seen && each.data.trim()) this.words(each, style, group);
    }
  }

  clipped(place, parent) {
    const id = `cut-${this.clips++}`;
    shape("rect", place, shape("clipPath", { id }, parent));
    return shape("g", { "clip-path": `url(#${id})` }, parent);
  }

  // The background and the borders of a box.
  box(style, { x, y, width, height }, parent) {
    const round = style.borderTopLeftRadius, side = Math.min(width, height);
    const rx = Math.min(side / 2, round.endsWith("%") ? (side * parseFloat(round)) / 100 : parseFloat(round) || 0);
    const [fill, opacity] = colour(style.backgroundColor);
    const stripes = this.stripes(style.backgroundImage, { x, y, width, height }, parent);
    if (stripes || opacity) shape("rect", { x, y, width, height, rx, fill: stripes ?? fill, "fill-opacity": stripes ? 1 : opacity }, parent);
    const sides = ["Top", "Right", "Bottom", "Left"].map((name) =>
      (style[`border${name}Style`] === "none" ? [0] : [parseFloat(style[`border${name}Width`]), ...colour(style[`border${name}Color`])]));
    if (sides.every((each) => each.join() === sides[0].join())) {
      const [wide, stroke, alpha] = sides[0];
      if (wide && alpha) shape("rect", {
        x: x + wide / 2, y: y + wide / 2, width: width - wide, height: height - wide, rx: Math.max(0, rx - wide / 2),
        fill: "none", stroke, "stroke-opacity": alpha, "stroke-width": wide,
      }, parent);
      return;
    }
    sides.forEach(([wide, stroke, alpha], i) => {
      if (!wide || !alpha) return;
      const across = i % 2 === 0;
      shape("rect", {
        x: i === 1 ? x + width - wide : x, y: i === 2 ? y + height - wide : y,
        width: across ? width : wide, height: across ? wide : height, fill: stroke, "fill-opacity": alpha,
      }, parent);
    });
  }

  // repeating-linear-gradient(135deg, red 0px, red 6px, blue 6px, blue 9px) as a fill.
  stripes(image, { x, y, height }, parent) {
    const [, degrees, list] = image.match(/^repeating-linear-gradient\((?:(-?[\d.]+)deg, )?(.*)\)$/) ?? [];
    if (!list) return null;
    const stops = [...list.matchAll(/(\w+\([^)]*\)) ([\d.]+)px(?: ([\d.]+)px)?/g)]
      .flatMap(([, tone, ...places]) => places.filter(Boolean).map((place) => [tone, Number(place)]));
    const id = `stripes-${this.clips++}`, angle = ((degrees ?? 180) * Math.PI) / 180, length = stops.at(-1)[1];
    const gradient = shape("linearGradient", {
      id, gradientUnits: "userSpaceOnUse", spreadMethod: "repeat", x1: x, y1: y + height,
      x2: x + length * Math.sin(angle), y2: y + height - length * Math.cos(angle),
    }, parent);
    for (const [tone, place] of stops) shape("stop", { offset: place / length, "stop-color": colour(tone)[0] }, gradient);
    return `url(#${id})`;
  }

  // Words of the page, line by line as they are broken there.
  words(node, style, parent) {
    const range = document.createRange(), lines = [];
    let i = 0;
    for (const sign of node.data) {
      range.setStart(node, i);
      range.setEnd(node, (i += sign.length));
      const { left, right, top, height } = range.getBoundingClientRect(), last = lines.at(-1), blank = !sign.trim();
      if (last && Math.abs(last.top - top) < 3) Object.assign(last, { text: last.text + sign, right: blank ? last.right : right });
      else if (!blank && height) lines.push({ text: sign, left, right, top, height });
    }
    const { font, fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = measured(style), [fill, opacity] = colour(style.color);
    for (const { text, left, right, top, height } of lines) {
      const [x, y] = this.at({ left, top });
      shape("text", {
        x, y: y + (height * up) / (up + down), ...font, fill, "fill-opacity": opacity, textLength: right - left, lengthAdjust: "spacingAndGlyphs",
      }, parent, text.trim());
    }
  }

  // An SVG of the page, with what the style sheets say about it written into it.
  graphic(source, style, box, parent) {
    const [x, y] = this.at(box), { width, height } = box, viewBox = source.getAttribute("viewBox");
    if (!width || !height) return;
    const made = shape("svg", { x, y, width, height, overflow: style.overflow === "visible" ? "visible" : "hidden" }, parent);
    if (viewBox) made.setAttribute("viewBox", viewBox);
    const look = lookOf(style);
    write(made, look, {});
    for (const each of source.children) copy(each, made, look);
  }
}

// --- SVG ---

const INHERITED = ["font-family", "font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline", "stroke-width",
  "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "paint-order", "visibility", "fill-rule", "clip-rule"];
const OWN = { opacity: "1", transform: "none", "clip-path": "none" };
const GEOMETRY = /^(id|x|y|[xy][12]|dx|dy|cx|cy|r|rx|ry|d|points|width|height|viewBox|textLength|\w+Units|patternTransform)$/;

function copy(source, parent, above) {
  const style = getComputedStyle(source), tag = source.localName;
  if (["style", "script"].includes(tag) || (style.display === "none" && tag !== "title")) return;
  const made = shape(tag, {}, parent);
  for (const { name, value } of source.attributes) if (GEOMETRY.test(name)) made.setAttribute(name, value);
  let look = above;
  if (tag !== "title") {
    look = lookOf(style);
    write(made, look, above);
    for (const [name, usual] of Object.entries(OWN)) {
      const value = style.getPropertyValue(name);
      if (value !== usual) made.setAttribute(name, local(value));
    }
    // Places that a style sheet moves are in the style, not in the attributes.
    if (tag === "rect") for (const name of ["x", "y", "width", "height"]) {
      if (style[name].endsWith("px")) made.setAttribute(name, parseFloat(style[name]));
    }
  }
  for (const each of source.childNodes) {
    if (each.nodeType === Node.ELEMENT_NODE) copy(each, made, look);
    else if (each.nodeType === Node.TEXT_NODE) made.append(each.data);
  }
  // In another font the text would be wider or narrower than the room that it has here.
  if (tag === "text" && !source.children.length) {
    const length = source.getComputedTextLength();
    if (length) write(made, { textLength: length.toFixed(2), lengthAdjust: "spacingAndGlyphs" }, {});
  }
}

// How a shape looks: all that a parent hands down.
function lookOf(style) {
  const look = {};
  for (const name of INHERITED) look[name] = style.getPropertyValue(name);
  for (const name of ["fill", "stroke"]) {
    const [paint, alpha] = /^(none|url)/.test(style[name]) ? [local(style[name]), 1] : colour(style[name]);
    look[name] = paint;
    look[`${name}-opacity`] = String(alpha * style.getPropertyValue(`${name}-opacity`));
  }
  return look;
}

function write(element, look, above) {
  for (const [name, value] of Object.entries(look)) if (value !== above[name]) element.setAttribute(name, value);
}

// url("http://.../page#clip") is in the same file: url(#clip).
const local = (value) => value.replace(/url\("?[^"#)]*#([^")]+)"?\).*/, "url(#$1)");

function shape(tag, attributes, parent, text) {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, typeof value === "number" ? Number(value.toFixed(2)) : value);
  if (text !== undefined) made.textContent = text;
  parent?.append(made);
  return made;
}

function element(tag, attributes, parent) {
  const made = Object.assign(document.createElement(tag), attributes);
  parent.append(made);
  return made;
}

// --- What the browser works out ---

const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
const colours = new Map(), fonts = new Map();

// Any colour of CSS in the form that every program reads: ["#2a86c7", 0.5].
export function colour(text) {
  if (!colours.has(text)) {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = text;
    pixel.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
    colours.set(text, ["#" + [r, g, b].map((each) => each.toString(16).padStart(2, "0")).join(""), Math.round((a / 255) * 1000) / 1000]);
  }
  return colours.get(text);
}

// The font of a style as attributes, and how far it reaches above and below the line.
function measured({ fontFamily, fontSize, fontWeight, fontStyle }) {
  const key = `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
  if (!fonts.has(key)) {
    pixel.font = key;
    const { fontBoundingBoxAscent, fontBoundingBoxDescent } = pixel.measureText("x");
    const font = { "font-family": fontFamily, "font-size": fontSize, "font-weight": fontWeight, "font-style": fontStyle };
    fonts.set(key, { font, fontBoundingBoxAscent, fontBoundingBoxDescent });
  }
  return fonts.get(key);
}
