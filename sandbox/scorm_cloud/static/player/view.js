// The player's own controls: the table of contents, the buttons and the notice in the middle.
//
// Going from one item to the next takes a moment, in which another click would lead astray: until it
// is over, everything that could be pressed is disabled.

import { stateOf } from "./launchdata.js";
import { items } from "./session.js";

const find = (id) => document.getElementById(id);
const narrow = matchMedia("(max-width: 40rem)");

export class View {
  constructor() {
    this.place = find("place");
    this.exit = find("exit");
    this.contents = find("contents");
    this.held = 0; // how many moves are under way
    this.ways = { next: false, previous: false, choices: () => false };
    this.toggle = find("contents-toggle");
    if (this.toggle === null) return;
    this.toggle.addEventListener("click", () => this.fold(!this.contents.hidden));
    this.contents.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && narrow.matches) {
        this.fold(true);
        this.toggle.focus();
      }
    });
    this.fold(narrow.matches);
  }

  // Connects the controls: what a click on each of them does.
  on({ choose, go, exit }) {
    this.exit.addEventListener("click", exit);
    find("continue")?.addEventListener("click", () => go("continue"));
    find("previous")?.addEventListener("click", () => go("previous"));
    this.contents?.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button === null || button.disabled) return;
      if (narrow.matches) this.fold(true);
      choose(button.closest("li").dataset.item);
    });
    this.draw();
  }

  hold() {
    this.held += 1;
    this.draw();
  }

  release() {
    this.held -= 1;
    this.draw();
  }

  async during(move) {
    this.hold();
    try {
      await move();
    } finally {
      this.release();
    }
  }

  fold(hidden) {
    this.contents.hidden = hidden;
    this.toggle.setAttribute("aria-expanded", String(!hidden));
  }

  notice(text) {
    find("notice").textContent = text;
  }

  opened(item) {
    this.notice("");
    for (const button of this.contents?.querySelectorAll("[aria-current]") ?? []) {
      button.removeAttribute("aria-current");
    }
    let shown = item; // an invisible item is marked where it belongs
    while (shown && !this.entry(shown.id)) shown = items.get(shown.parent);
    if (shown) this.entry(shown.id).querySelector("button")?.setAttribute("aria-current", "true");
  }

  progress(id, cmi) {
    const entry = this.entry(id);
    if (!entry) return;
    entry.dataset.state = stateOf(cmi);
    entry.querySelector(".state").textContent = entry.dataset.state;
  }

  // Which ways are open: `choices(id)` tells it for each entry of the table of contents.
  offer(ways) {
    this.ways = ways;
    this.draw();
  }

  draw() {
    const busy = this.held > 0;
    this.place.setAttribute("aria-busy", String(busy));
    this.exit.disabled = busy;
    if (this.contents === null) return;
    find("continue").disabled = busy || !this.ways.next;
    find("previous").disabled = busy || !this.ways.previous;
    for (const entry of this.contents.querySelectorAll("li")) {
      const button = entry.querySelector(":scope > button");
      if (button !== null) button.disabled = busy || !this.ways.choices(entry.dataset.item);
    }
  }

  hide(names) {
    for (const name of ["continue", "previous"]) {
      const button = find(name);
      if (button !== null) button.hidden = names.includes(name);
    }
  }

  entry(id) {
    return this.contents?.querySelector(`li[data-item="${CSS.escape(id)}"]`) ?? null;
  }
}
