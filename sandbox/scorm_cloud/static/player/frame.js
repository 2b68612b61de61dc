// The frame a course runs in. Each item gets a frame of its own, so nothing of the former one,
// neither scripts nor steps of the browser's history, is left behind.

import { beginUnloading, endUnloading, session } from "./session.js";

const PATIENCE = 2000; // ms for a course to save its data when it is asked to go

export class ContentFrame {
  constructor(place) {
    this.place = place;
    this.element = null;
  }

  show(item) {
    this.drop();
    const frame = document.createElement("iframe");
    frame.title = item.title;
    frame.allow = "autoplay; fullscreen; clipboard-write";
    frame.src = `${session.base}course/${item.href}`;
    this.place.append(frame);
    this.element = frame;
    frame.addEventListener("load", () => frame.contentWindow?.focus(), { once: true });
  }

  // Lets the course unload as if its window were closed, which is when most courses save.
  async clear() {
    const frame = this.element;
    if (frame === null) return;
    beginUnloading();
    await new Promise((resolve) => {
      frame.addEventListener("load", resolve, { once: true });
      setTimeout(resolve, PATIENCE); // a course may ask "leave this page?" and be told to stay
      frame.contentWindow.location.replace("about:blank");
    });
    this.drop();
  }

  // The same at once, for when the player's own page goes away.
  drop() {
    beginUnloading();
    this.element?.remove();
    this.element = null;
    endUnloading();
  }
}
