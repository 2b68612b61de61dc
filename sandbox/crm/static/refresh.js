// Shows what apps write on a contact without a reload: asks every few seconds while the page is seen.
"use strict";

const EVERY_MS = 4000;
let shown = null;

async function refresh() {
  const activity = document.getElementById("activity");
  if (document.hidden || activity.contains(document.activeElement)) return;
  const answer = await fetch(activity.dataset.refresh);
  if (!answer.ok) return;
  const text = await answer.text();
  if (text !== shown) activity.outerHTML = text;
  shown = text;
}

refresh();
setInterval(() => refresh().catch(() => {}), EVERY_MS);
