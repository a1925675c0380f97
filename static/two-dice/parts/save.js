// A picture to take along: a menu that saves it as a drawing, as its numbers, and, where it moves, as an animation.
// All files are made here in the browser.
//
// labels: { png, svg, gif, csv, cancel, failed, low, high }

const version = new URL(import.meta.url).search;
const { drawingOf } = await import("./drawing.js" + version);
const { html } = await import("./svg.js" + version);

const SHARPNESS = 2;          // pixels of a PNG for each of the page
const MOST_BYTES = 2e6;       // of an animation
const MOST_FRAMES = 40;
const LONGEST = 20_000;       // ms
const REST = 2000;            // ms of the last frame
const WIDEST = 900;           // px of an animation

const STYLE = `
  .save-menu {
    margin: 0; inset: auto; padding: 4px; border: 1px solid GrayText; border-radius: 8px;
    background: var(--st-background-color); color: inherit;
  }
  .save-menu button {
    display: block; width: 100%; padding: 6px 12px; border: 0; border-radius: 5px; background: none; text-align: start; cursor: pointer;
  }
  .save-menu button:is(:hover, :focus-visible) { background: var(--st-secondary-background-color); }
  .save-menu :is(p, progress) { display: block; margin: 6px 12px; }`;

export function openMenu(player, labels) {
  const { holder, save: opener, transport } = player;
  const menu = html("div", "save-menu", holder);
  html("style", "", menu, STYLE);
  menu.popover = "auto";
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", labels.save);

  const offer = (kind, make) => {
    const item = html("button", "", menu, labels[kind]);
    item.type = "button";
    item.setAttribute("role", "menuitem");
    item.addEventListener("click", () => {
      const abort = new AbortController(), progress = kind === "gif" ? working(menu, labels, abort) : null;
      Promise.resolve().then(() => make(abort.signal, progress))
        .then((file) => { if (!abort.signal.aborted) download(file, `${nameOf(player)}.${kind}`); menu.hidePopover(); })
        .catch((error) => {
          if (abort.signal.aborted) return menu.hidePopover();
          console.error(error);
          menu.replaceChildren();
          html("p", "", menu, labels.failed).setAttribute("role", "alert");
        });
    });
  };
  offer("png", () => picture(player));
  offer("svg", () => new Blob([drawn(player).text], { type: "image/svg+xml" }));
  if (transport?.length > 1) offer("gif", (signal, progress) => animation(player, signal, progress));
  offer("csv", () => new Blob([table(player.numbers(labels))], { type: "text/csv" }));

  menu.addEventListener("keydown", (event) => {
    event.stopPropagation();  // the page has keys of its own
    const items = [...menu.querySelectorAll("button")], at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    items.at(to % items.length).focus();
  });
  menu.addEventListener("toggle", ({ newState }) => {
    opener.setAttribute("aria-expanded", String(newState === "open"));
    if (newState === "closed" && menu.popover === "auto") menu.remove();
  });
  menu.showPopover();
  placeAt(menu, opener);
  menu.querySelector("button").focus();
}

// Beside the button, below it or above it, wherever there is room.
function placeAt(menu, opener) {
  const { right, top, bottom } = opener.getBoundingClientRect(), { width, height } = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(4, right - width)}px`;
  menu.style.top = `${bottom + height + 8 < innerHeight ? bottom + 4 : Math.max(4, top - height - 4)}px`;
}

// In place of the menu: how far it is, and a way to give up. A click beside it does not close it now.
function working(menu, labels, abort) {
  menu.popover = "manual";
  menu.replaceChildren(...menu.querySelectorAll("style"));
  menu.setAttribute("role", "group");
  const progress = html("progress", "", menu);
  progress.setAttribute("aria-label", labels.gif);
  const cancel = html("button", "", menu, labels.cancel);
  cancel.type = "button";
  cancel.addEventListener("click", () => abort.abort());
  menu.addEventListener("keydown", ({ key }) => { if (key === "Escape") abort.abort(); });
  menu.addEventListener("toggle", ({ newState }) => { if (newState === "closed") menu.remove(); });
  menu.showPopover();
  cancel.focus();
  return progress;
}

// --- Files ---

function download(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// two-dice-dropout-network-p0.3: the page, the picture, and the settings that its link names.
function nameOf({ holder, picture }) {
  const { pathname, searchParams } = new URL(location), page = pathname.split("/").at(-1) || "home";
  const place = holder.closest("[class*=st-key-]")?.className.match(/st-key-([\w-]+)/)[1].replace(/_player$/, "") ?? "";
  const settings = [...searchParams].filter(([key]) => key.startsWith(`${page}-`)).map(([key, value]) => key.slice(page.length + 1) + value);
  return ["two-dice", page, place, ...settings].join("-").replace(/[^\w.-]+/g, "_").slice(0, 100);
}

const drawn = ({ holder }) => {
  const link = new URL(location);
  for (const key of [...link.searchParams.keys()]) if (key.startsWith("embed")) link.searchParams.delete(key);
  return drawingOf(holder, titleOf(holder), link.href);
};

// The last heading before the picture; some are paragraphs in bold letters.
function titleOf(holder) {
  const headings = [...document.querySelectorAll("h1, h2, h3, p > strong:only-child")].filter((each) =>
    (each.localName !== "strong" || each.textContent === each.parentElement.textContent)
    && each.compareDocumentPosition(holder) === Node.DOCUMENT_POSITION_FOLLOWING);
  return headings.at(-1)?.textContent.trim() || document.title;
}

async function picture(player) {
  const drawing = drawn(player), canvas = await painted(drawing, SHARPNESS, await fontsOf(player.holder));
  return new Promise((resolve, reject) => canvas.toBlob((file) => (file ? resolve(file) : reject(new Error("no PNG"))), "image/png"));
}

// Rows of text and numbers; a text that a spreadsheet would take for a formula is kept from being one.
export function table(rows) {
  const cell = (value) => {
    const text = typeof value === "string" ? value.replace(/^[=+@\t\r-]/, "'$&") : String(value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",") + "\r\n").join("");
}

// --- Pixels ---

async function painted({ text, width, height, background }, times, fonts, room = height) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([text.replace(/(?=<title>)/, fonts)], { type: "image/svg+xml" }));
  try {
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width * times, room * times].map(Math.round);
    const brush = canvas.getContext("2d", { willReadFrequently: true });
    brush.fillStyle = background;
    brush.fillRect(0, 0, canvas.width, canvas.height);
    brush.drawImage(image, 0, 0, canvas.width, height * times);
    return canvas;
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

// A drawing that becomes pixels sees no font of the page, so it brings the page's own font with it.
let fonts = null;
async function fontsOf(holder) {
  fonts ??= (async () => {
    const wanted = getComputedStyle(holder).fontFamily.split(",")[0].replace(/["']/g, "").trim();
    const rules = [...document.styleSheets].flatMap((sheet) => { try { return [...sheet.cssRules]; } catch { return []; } });
    const faces = rules.filter((rule) => rule instanceof CSSFontFaceRule
      && rule.style.getPropertyValue("font-family").replace(/["']/g, "") === wanted && rule.style.getPropertyValue("font-style") !== "italic");
    const written = await Promise.all(faces.map(async ({ style, parentStyleSheet }) => {
      const [, address] = style.getPropertyValue("src").match(/url\("?([^")]+)"?\)/) ?? [];
      const file = await (await fetch(new URL(address, parentStyleSheet.href ?? document.baseURI))).blob();
      const data = await new Promise((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.readAsDataURL(file);
      });
      return `@font-face { font-family: "${wanted}"; font-weight: ${style.getPropertyValue("font-weight") || "normal"}; src: url(${data}); }`;
    }));
    return `<style>${written.join("\n")}</style>`;
  })().catch(() => "");  // then the text has another font, and the same length
  return fonts;
}

// One round of the player as a GIF: fewer frames than the player has if these are many, and smaller until it is light.
async function animation(player, signal, progress) {
  const { transport, holder } = player, { length, interval, playing, position } = transport;
  const count = Math.min(length, MOST_FRAMES), frames = [];
  const delay = Math.min(interval * (length / count), LONGEST / count);
  const still = await fontsOf(holder);
  transport.stop();
  try {
    for (let i = 0; i < count && !signal.aborted && holder.isConnected; i++) {
      transport.go(Math.round((i * (length - 1)) / (count - 1)));
      frames.push(drawn(player));
      progress.value = (0.4 * (i + 1)) / count;
      await new Promise((go) => setTimeout(go));
    }
  } finally {
    if (player.transport === transport) {  // and not that of other data
      transport.go(position);
      if (playing) transport.play();
    }
  }
  if (!holder.isConnected) throw new Error("the picture has left the page");
  const height = Math.max(...frames.map((each) => each.height));
  let times = Math.min(1, WIDEST / frames[0].width);
  for (;;) {
    const bytes = await encoded(frames, height, times, delay, still, signal, (share) => { progress.value = 0.4 + 0.6 * share; });
    if (signal.aborted) throw new Error("given up");
    if (bytes.length <= MOST_BYTES) return new Blob([bytes], { type: "image/gif" });
    times *= Math.min(0.9, Math.sqrt((0.9 * MOST_BYTES) / bytes.length));
  }
}

// All frames in the same colours; of each but the first only what has changed, the rest lets the one before be seen.
async function encoded(frames, height, times, delay, fonts, signal, report) {
  const { GIFEncoder, quantize, applyPalette } = await import("./gifenc.js" + version);
  const pixels = async (frame) => {
    const canvas = await painted(frame, times, fonts, height), { width, height: tall } = canvas;
    return { width, tall, data: canvas.getContext("2d").getImageData(0, 0, width, tall).data };
  };
  const gif = GIFEncoder(), some = await Promise.all([0, 0.5, 1].map((share) => pixels(frames[Math.round(share * (frames.length - 1))])));
  const palette = quantize(joined(some.map(({ data }) => data)), 255);
  let before = null;
  for (const [i, frame] of frames.entries()) {
    const { width, tall, data } = await pixels(frame);
    if (signal.aborted) return gif.bytes();
    const now = applyPalette(data, palette), shown = before ? now.map((each, at) => (each === before[at] ? 255 : each)) : now;
    gif.writeFrame(shown, width, tall, {
      palette: before ? undefined : [...palette, ...Array(256 - palette.length).fill([0, 0, 0])],
      delay: i < frames.length - 1 ? delay : REST, transparent: true, transparentIndex: 255, dispose: 1,
    });
    before = now;
    report((i + 1) / frames.length);
  }
  gif.finish();
  return gif.bytes();
}

function joined(parts) {
  const all = new Uint8ClampedArray(parts.reduce((sum, each) => sum + each.length, 0));
  parts.reduce((at, each) => { all.set(each, at); return at + each.length; }, 0);
  return all;
}
