// Toasts: short confirmations in the corner, announced politely. They arrive with the page, out of
// band in an htmx answer, by an HX-Trigger header {"toast": {"text", "tone"}}, or from another script
// by the same event. Good news leaves by itself; bad news stays until it is dismissed.

const SECONDS = 8;

function startLeaving(toast) {
  if (toast.dataset.seen) return;
  toast.dataset.seen = "yes";
  if (toast.classList.contains("bad")) return;
  let timer;
  const wait = () => { timer = setTimeout(() => toast.remove(), SECONDS * 1000); };
  const stay = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", stay);
  toast.addEventListener("focusin", stay);
  toast.addEventListener("pointerleave", wait);
  toast.addEventListener("focusout", wait);
  wait();
}

function lookForToasts() {
  document.querySelectorAll("#toasts [data-toast]").forEach(startLeaving);
}

const drawings = { good: 0, bad: 1, note: 2 };

function show({ text, tone = "good" }) {
  const shapes = document.getElementById("toast-template")?.content.querySelectorAll("[data-toast]");
  const region = document.getElementById("toasts");
  if (!shapes || !region) return;
  const toast = shapes[drawings[tone] ?? 2].cloneNode(true);
  toast.querySelector("p").textContent = text;
  region.append(toast);
  startLeaving(toast);
}

// htmx sends the event from the element that asked, another script from the document.
document.addEventListener("toast", (event) => {
  const { text, tone, value } = event.detail;
  show({ text: text || value, tone });
});

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest("[data-toast]")?.remove();
});

for (const moment of ["htmx:load", "htmx:oobAfterSwap"]) {
  document.addEventListener(moment, lookForToasts);
}
lookForToasts();
