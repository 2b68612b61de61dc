// Toasts: short confirmations above the page, announced by announce.js. They arrive with the page, out of
// band in an htmx answer, by an HX-Trigger header {"toast": {"text", "tone"}}, or from another script by
// the same event. Good news leaves by itself; bad news stays until it is dismissed, by its button or by
// Escape. They lie where nothing is that can be pressed, and never on the row that was just made.

import { announce } from "./announce.js";

const SECONDS = 8;
const STEP = 12; // pixels between two places that are tried
const EDGE = 16;
const IN_THE_WAY = "a[href], button, input, select, textarea, summary, .switch, .upload-area, .fresh";

const region = () => document.getElementById("toasts");

// Finding a place

const apart = (one, other) => one.right < other.left || one.left > other.right
  || one.bottom < other.top || one.top > other.bottom;

function obstacles() {
  return [...document.querySelectorAll(IN_THE_WAY)]
    .filter((element) => !element.closest("#toasts, dialog"))
    .map((element) => element.getBoundingClientRect())
    .filter(({ width, height, bottom, top }) => width > 1 && height > 1 && bottom > 0 && top < innerHeight);
}

function* places({ width, height }) {
  const right = document.documentElement.clientWidth - width - EDGE;
  for (let top = innerHeight - height - EDGE; top >= EDGE; top -= STEP) {
    for (const left of new Set([right, Math.round(right / 2), EDGE])) {
      yield { left, top, right: left + width, bottom: top + height };
    }
  }
}

function place() {
  const toasts = region();
  if (!toasts?.firstElementChild) return;
  const boxes = obstacles();
  for (const free of places(toasts.getBoundingClientRect())) {
    if (!boxes.every((box) => apart(box, free))) continue;
    Object.assign(toasts.style, { left: `${free.left}px`, top: `${free.top}px`, right: "auto", bottom: "auto" });
    return;
  }
  toasts.removeAttribute("style"); // nothing is free: the corner that the style sheet says
}

let due = 0;
function placeSoon() {
  cancelAnimationFrame(due);
  due = requestAnimationFrame(place);
}

for (const moment of ["scroll", "resize"]) {
  window.addEventListener(moment, placeSoon, { capture: true, passive: true });
}
document.addEventListener("htmx:afterSettle", placeSoon);
document.addEventListener("toggle", placeSoon, true);

// A row that has just been made is marked for as long as a toast speaks of it.

const rows = () => [...document.querySelectorAll("tbody tr[id]")];

document.addEventListener("htmx:beforeSwap", ({ detail: { target, requestConfig } }) => {
  const made = requestConfig.verb === "post" || requestConfig.elt.matches("[hx-trigger^=every]");
  if (!made || target === document.body) return;
  const before = new Set(rows().map(({ id }) => id));
  queueMicrotask(() => {
    const fresh = rows().filter(({ id }) => !before.has(id));
    fresh.forEach((row) => row.classList.add("fresh"));
    setTimeout(() => fresh.forEach((row) => row.classList.remove("fresh")), SECONDS * 1000);
    if (fresh.length) placeSoon();
  });
});

// Coming and going

function dismiss(toast) {
  toast.remove();
  placeSoon();
}

function arrive(toast) {
  if (toast.dataset.seen) return;
  toast.dataset.seen = "yes";
  const bad = toast.classList.contains("bad");
  announce(toast.querySelector("p").textContent, bad);
  placeSoon();
  if (bad) return;
  let timer;
  const wait = () => { timer = setTimeout(() => dismiss(toast), SECONDS * 1000); };
  const stay = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", stay);
  toast.addEventListener("focusin", stay);
  toast.addEventListener("pointerleave", wait);
  toast.addEventListener("focusout", wait);
  wait();
}

function lookForToasts() {
  document.querySelectorAll("#toasts [data-toast]").forEach(arrive);
}

const drawings = { good: 0, bad: 1, note: 2 };

function show({ text, tone = "good", quiet = false }) {
  const shapes = document.getElementById("toast-template")?.content.querySelectorAll("[data-toast]");
  if (!shapes || !region()) return;
  const same = [...region().children].find((one) => one.querySelector("p").textContent === text);
  if (same && quiet) return;
  same?.remove(); // said again, and not twice on the screen
  const toast = shapes[drawings[tone] ?? 2].cloneNode(true);
  toast.querySelector("p").textContent = text;
  region().append(toast);
  arrive(toast);
}

// htmx sends the event from the element that asked, another script from the document.
document.addEventListener("toast", (event) => {
  const { text, tone, value, quiet } = event.detail;
  show({ text: text || value, tone, quiet });
});

document.addEventListener("click", (event) => {
  const toast = event.target.closest("[data-dismiss]")?.closest("[data-toast]");
  if (toast) dismiss(toast);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (document.querySelector("dialog[open], details.menu[open]")) return; // these close first
  const newest = region()?.lastElementChild;
  if (newest) dismiss(newest);
});

for (const moment of ["htmx:load", "htmx:oobAfterSwap"]) {
  document.addEventListener(moment, lookForToasts);
}
lookForToasts();
