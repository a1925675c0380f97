// What the players of a recording have in common: the server sends it once, and the picture is drawn as wide as it is
// shown, so that its text is as large on a phone as on a projector.

// The exports of a module whose pictures are of this class: one player for each root element.
export function playersOf(Class) {
  const players = new WeakMap();
  return {
    update({ parentElement, data }) {
      const player = players.get(parentElement) ?? new Class(parentElement);
      players.set(parentElement, player);
      const recording = JSON.stringify(data);
      if (player.recording === recording) return;  // a rerun that changed nothing here disturbs nothing
      player.recording = recording;
      player.show(data);
    },
    destroy(root) {
      players.get(root)?.destroy();
      players.delete(root);
    },
  };
}

// A class of pictures has show(data), which sets this.data and this.transport, build(width), which makes all that is
// drawn, and draw(position), which moves it. A width of 0 asks for all to be made anew; until then nothing is drawn.
export class Player {
  constructor(root, className) {
    this.holder = root.querySelector(".two-dice");
    this.holder.classList.add(className);
    this.width = 0;
    this.sized = new ResizeObserver(() => this.resize());
    this.sized.observe(this.holder);
  }

  destroy() {
    this.sized.disconnect();
    this.transport?.destroy();
    this.holder.replaceChildren();
  }

  // What a student operates is made once for a language, so that another setting keeps the place, the speed, what plays
  // and what has the keyboard. Nothing starts by itself.
  controls(labels, createTransport) {
    const words = JSON.stringify(labels);
    if (words === this.words) return;
    this.words = words;
    this.transport?.destroy();
    this.transport = createTransport();
  }

  resize() {
    const width = Math.floor(this.holder.getBoundingClientRect().width);  // never shrunk: 14 px stay 14 px
    if (!this.data || !width || width === this.width) return;
    this.width = width;
    this.build(width);
    this.draw(this.transport.position);
  }
}
