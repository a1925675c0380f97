// A decoder's steps as a list whose order can be changed: with the two buttons of a step, or by dragging it.
//
// data: { hue, steps: [{ id, name, on }], labels: { list, off, earlier, later } }, in the labels {step}
// It answers with trigger("order", "penalty.temperature. ..."), the ids in their new order.

const version = new URL(import.meta.url).search;
const { Player, playersOf } = await import("./parts/player.js" + version);
const { svg, html, fill } = await import("./parts/svg.js" + version);

class StepOrder extends Player {
  constructor(root) {
    super(root, "order");
    this.list = html("ol", "", this.holder);
    this.items = new Map();
    this.list.addEventListener("dragover", (event) => {
      const over = event.target.closest("li");
      if (!this.dragged || !over) return;
      event.preventDefault();
      if (over === this.dragged) return;
      const { top, height } = over.getBoundingClientRect();
      over[event.clientY < top + height / 2 ? "before" : "after"](this.dragged);
    });
  }

  offerToSave() {}  // it is a control, not a picture

  show({ hue, steps, labels }) {
    this.holder.style.setProperty("--hue", hue);
    this.list.setAttribute("aria-label", labels.list);
    const focused = document.activeElement;
    for (const step of steps) {
      const item = this.items.get(step.id) ?? this.make(step.id);
      item.classList.toggle("off", !step.on);
      item.title = step.on ? "" : labels.off;
      item.querySelector("span").textContent = step.name;
      for (const button of item.querySelectorAll("button")) {
        button.title = button.ariaLabel = fill(labels[button.className], { step: step.name });
      }
      this.list.append(item);
    }
    this.limits();
    if (this.list.contains(focused)) focused.focus();  // the keyboard stays where it was
  }

  make(id) {
    const item = html("li", "", null);
    item.draggable = true;
    item.dataset.id = id;
    const grip = svg("svg", { width: 12, height: 18, "aria-hidden": "true" }, item);
    for (const x of [3, 9]) for (const y of [3, 9, 15]) svg("circle", { cx: x, cy: y, r: 1.5, fill: "currentColor" }, grip);
    html("span", "", item);
    for (const [name, sign, way] of [["earlier", "▲", -1], ["later", "▼", 1]]) {
      const button = html("button", name, item, sign);
      button.type = "button";
      button.addEventListener("click", () => this.move(item, way, button));
    }
    item.addEventListener("dragstart", (event) => {
      this.dragged = item;
      event.dataTransfer.effectAllowed = "move";
    });
    item.addEventListener("dragend", () => { this.dragged = null; this.changed(); });
    this.items.set(id, item);
    return item;
  }

  move(item, way, button) {
    if (button.getAttribute("aria-disabled") === "true") return;
    if (way < 0) item.previousElementSibling.before(item);
    else item.nextElementSibling.after(item);
    button.focus();
    this.changed();
  }

  // The first step cannot come earlier, the last not later. (A disabled button would lose the keyboard.)
  limits() {
    const items = [...this.list.children];
    items.forEach((item, at) => {
      item.querySelector(".earlier").setAttribute("aria-disabled", at === 0);
      item.querySelector(".later").setAttribute("aria-disabled", at === items.length - 1);
    });
  }

  changed() {
    const order = [...this.list.children].map(({ dataset }) => dataset.id).join(".");
    if (order === this.data.steps.map(({ id }) => id).join(".")) return;
    this.limits();
    this.trigger("order", order);
  }
}

export const { update, destroy } = playersOf(StepOrder);
