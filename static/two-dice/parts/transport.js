// The row of controls under a moving picture: back to the start, step, play, pause, scrub, speed.
//
// It knows nothing of what it plays: it counts from 0 to length - 1 and calls onFrame(position). The picture draws.
// Playing is the student's own: no server is asked, and a rerun of the page does not disturb it.

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const SPEEDS = [0.25, 0.5, 1, 2, 4];

// Drawn, not typed: many fonts lack the characters.
const ICONS = {
  start: "M4 3H6V15H4ZM15 3V15L7 9Z",
  back: "M13 3V15L4 9Z",
  play: "M5 2V16L16 9Z",
  pause: "M4 3H8V15H4ZM10 3H14V15H10Z",
  forward: "M3 3V15L11 9ZM12 3H14V15H12Z",
};

function draw(element, icon) {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [name, value] of Object.entries({ viewBox: "0 0 18 18", width: 18, height: 18, "aria-hidden": "true" }))
    picture.setAttribute(name, value);
  path.setAttribute("d", ICONS[icon]);
  path.setAttribute("fill", "currentColor");
  picture.append(path);
  element.replaceChildren(picture);
}

function button(parent, icon, label, onClick) {
  const element = document.createElement("button");
  element.type = "button";
  draw(element, icon);
  element.setAttribute("aria-label", label);
  element.title = label;
  element.addEventListener("click", onClick);
  parent.append(element);
  return element;
}

const STILL = 300;  // ms without a move until a picture is at rest

// options: { labels, interval, onFrame, loop = false, onRest? }
//   labels: { play, pause, start, back, forward, scrub, speed, position: "{i} / {n}", follow? }
//   interval: milliseconds between frames at speed 1
//   loop: start again at the end, instead of stopping there
//   onRest(position): a person has stopped here or stepped here, and stays for a moment
// With labels.follow there is also a switch that keeps to the newest frame while more of them arrive.
export function createTransport(parent, { labels, interval, onFrame, loop = false, onRest }) {
  const root = document.createElement("div");
  root.className = "transport";
  root.setAttribute("role", "group");

  let length = 1, position = 0, playing = false, timer = null, still = null, texts = labels;
  const speed = () => Number(speeds.value);

  const start = button(root, "start", texts.start, () => { pause(); go(0); });
  const back = button(root, "back", texts.back, () => { pause(); go(position - 1); });
  const toggle = button(root, "play", texts.play, () => (playing ? pause() : play()));
  toggle.classList.add("play");
  const forward = button(root, "forward", texts.forward, () => { pause(); go(position + 1); });

  const scrub = document.createElement("input");
  scrub.type = "range"; scrub.min = 0; scrub.step = 1;
  scrub.setAttribute("aria-label", texts.scrub);
  // Read first: pause() puts the scrubber back to where the picture is.
  scrub.addEventListener("input", () => { const target = Number(scrub.value); pause(); go(target); });
  root.append(scrub);

  const where = document.createElement("output");
  where.translate = false;  // it changes: a browser that translates would keep the old numbers
  root.append(where);

  const speeds = document.createElement("select");
  speeds.setAttribute("aria-label", texts.speed);
  for (const each of SPEEDS) speeds.add(new Option(`${each}×`, each, each === 1, each === 1));
  root.append(speeds);

  let follow = null;
  if (texts.follow) {
    const label = document.createElement("label");
    follow = document.createElement("input");
    follow.type = "checkbox";
    follow.addEventListener("change", () => { if (follow.checked) { stopTimer(); go(length - 1); } render(); });
    label.append(follow, document.createTextNode(" " + texts.follow));
    root.append(label);
  }
  parent.append(root);

  function render() {
    if (root.dataset.playing !== String(playing)) {
      draw(toggle, playing ? "pause" : "play");
      toggle.title = playing ? texts.pause : texts.play;
      toggle.setAttribute("aria-label", toggle.title);
    }
    scrub.max = Math.max(0, length - 1);
    scrub.value = position;
    where.textContent = texts.position.replace("{i}", position + 1).replace("{n}", length);
    scrub.setAttribute("aria-valuetext", where.textContent);
    root.dataset.position = position;
    root.dataset.length = length;
    root.dataset.playing = playing;
  }
  function go(target) {
    position = Math.min(Math.max(target, 0), length - 1);
    render();
    onFrame(position);
  }
  function tick() {
    timer = null;
    if (!playing) return;
    if (position < length - 1) go(position + 1);
    else if (loop) go(0);
    // At the newest frame of a recording that still grows, wait for more: "playing" stays on until it is complete.
    else if (complete) { pause(); return; }
    timer = setTimeout(tick, interval / speed());
  }
  function stopTimer() { clearTimeout(timer); timer = null; playing = false; }
  function play() {
    if (follow) follow.checked = false;
    if (!loop && complete && position >= length - 1) go(0);
    playing = true; render();
    clearTimeout(timer);
    timer = setTimeout(tick, interval / speed());
  }
  function pause() {
    stopTimer();
    if (follow) follow.checked = false;
    render();
    clearTimeout(still);
    still = setTimeout(() => playing || onRest?.(position), STILL);
  }

  let complete = true;
  render();
  return {
    get position() { return position; },
    get playing() { return playing; },
    get length() { return length; },
    interval,
    play, pause, go,
    // Stop, and nobody is said to rest here.
    stop() { stopTimer(); clearTimeout(still); render(); },
    // How many frames there are, and whether more will come.
    setLength(frames, isComplete = true) {
      const grew = frames > length;
      length = Math.max(1, frames); complete = isComplete;
      if (follow?.checked && grew) go(length - 1);
      else if (position > length - 1) go(length - 1);
      else render();
    },
    // Be at a position that another transport of the same picture had, before the number of frames is known.
    standAt(frame) { length = Math.max(length, frame + 1); position = frame; render(); },
    follow(on) { if (follow) { follow.checked = on; if (on) go(length - 1); } },
    destroy() { stopTimer(); clearTimeout(still); root.remove(); },
  };
}
