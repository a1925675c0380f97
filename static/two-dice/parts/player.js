// The life of every picture: it is made in its place on the page, shows what the server sends, is drawn as wide as its
// place, so that its text is as large on a phone as on a projector, and is destroyed with the place.
//
// A module defines one class of pictures and ends with:
//   export const { update, destroy } = playersOf(ThePicture);

// How many times its own size an element is shown: the page is shown larger to a class (lib/web/frame/presenting.css).
export const larger = (element) => element.currentCSSZoom ?? 1;

// Its width in its own pixels, whole: what is drawn to fit is never shrunk, and 14 px stay 14 px.
export const widthOf = (element) => Math.floor(element.getBoundingClientRect().width / larger(element));

// What a module exports: update(component) for new data or another theme, destroy(root) for the end. There is one player
// for each root element.
export function playersOf(Class) {
  const players = new WeakMap();
  return {
    update({ parentElement, data, failure, saving, setTriggerValue }) {
      const player = players.get(parentElement) ?? new Class(parentElement);
      players.set(parentElement, player);
      player.failure = failure;          // what to show where a script did not arrive
      player.trigger = setTriggerValue;  // trigger(name, value) makes the server run the page with this value
      player.update(data);
      if (saving) player.offerToSave(saving);
    },
    destroy(root) {
      players.get(root)?.destroy();
      players.delete(root);
    },
  };
}

// A class of pictures defines what it needs of these:
//   show(data)        the server has sent new data, which are also this.data
//   build(width)      make all that is drawn for a place of this width in px
//   draw(position)    move it to a position of this.transport
//   numbers(labels)   what the picture shows, as rows of text and numbers, of which the first are names; labels: low, high
// To have everything built anew, set this.width to 0 and call resize().
export class Player {
  constructor(root, className) {
    this.holder = root.querySelector(".two-dice");
    this.holder.classList.add(className);
    this.width = 0;
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.holder);
  }

  destroy() {
    this.observer.disconnect();
    this.transport?.destroy();
    this.holder.replaceChildren();
  }

  // A rerun of the page that changed neither the data nor the theme disturbs nothing.
  update(data) {
    const received = JSON.stringify([data, getComputedStyle(this.holder).color]);
    if (received === this.received) return;
    this.received = received;
    this.data = data;
    this.show(data);
  }

  show() { this.resize(); }
  build() {}
  draw() {}

  resize() {
    const width = widthOf(this.holder);
    if (!this.data || !width || width === this.width) return;  // without a width it is not laid out yet
    this.width = width;
    this.build(width);
    this.draw(this.transport?.position);
  }

  // A small button under the picture that offers it as a file. How to make one is loaded when somebody presses it.
  offerToSave({ script, labels }) {
    const place = this.holder.querySelector(".transport") ?? this.holder.querySelector(":scope > .legend") ?? this.holder;
    if (!this.save) {
      this.save = document.createElement("button");
      Object.assign(this.save, { type: "button", className: "save", innerHTML: DOWNLOAD });
      this.save.setAttribute("aria-haspopup", "menu");
    }
    Object.assign(this.save, { title: labels.save, ariaLabel: labels.save });
    this.save.onclick = () => import(new URL(script + (this.again ?? ""), document.baseURI))
      .then(({ openMenu }) => openMenu(this, labels), () => {
        this.save.title = this.save.ariaLabel = labels.failed;
        this.again = `&again=${Date.now()}`;  // the browser keeps a failure under the address that failed
      });
    if (this.save.parentElement !== place) place.append(this.save);
  }

  // What a student operates is made once for a language, so that another setting keeps the place, the speed, what plays
  // and what has the keyboard.
  controls(labels, createTransport) {
    const language = JSON.stringify(labels);
    if (language === this.language) return;
    this.language = language;
    const position = this.transport?.position;
    this.transport?.destroy();
    this.transport = createTransport();
    if (position !== undefined) this.transport.standAt(position);  // in another language the picture stays where it is
  }
}

const DOWNLOAD = `<svg viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">
  <path fill="currentColor" d="M8 2h2v6h3l-4 4-4-4h3zM2 11h2v3h10v-3h2v5H2z"/></svg>`;

// On paper a page is as wide as on this screen, and made smaller, and says its link: see "print" in lib/web/frame/style.css.
globalThis.addEventListener?.("beforeprint", () => {
  const width = Math.min(Math.max(innerWidth, 1280), 1560);
  document.documentElement.style.setProperty("--screen", width);
  document.documentElement.style.setProperty("--link", JSON.stringify(location.href));
  const app = document.querySelector(".stApp");
  document.documentElement.toggleAttribute("data-dark", Boolean(app) && getComputedStyle(app).colorScheme === "dark");
});
