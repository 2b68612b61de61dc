// The arrow keys lead from a live search into its results and among them, and back.

const RESULT = "button:not([aria-disabled=true]), a[href]";

document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
  const { target } = event;
  const field = target.closest("[role=search] input[aria-controls]");
  const place = field ? document.getElementById(field.getAttribute("aria-controls")) : target.closest(".results");
  const list = field ? place?.querySelector(".results") : place;
  if (!list) return;
  const results = [...list.querySelectorAll(RESULT)];
  const at = field ? -1 : results.findIndex((one) => one === target || one.closest("li") === target.closest("li"));
  const next = at + step;
  if (next >= results.length || (field && step < 0)) return;
  event.preventDefault();
  const back = () => document.querySelector(`[aria-controls="${list.closest("[id]").id}"]`);
  (next < 0 ? back() : results[next])?.focus();
});
