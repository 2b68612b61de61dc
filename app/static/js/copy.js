// Copy buttons: data-copy="#text" copies the text of that field or element. Inside a frame, and on
// plain http, the browser may refuse its clipboard; then the text is selected and copied the old way,
// and when even that is refused it stays selected for the keyboard.

import { announce } from "./announce.js";

const SECONDS = 3;
const BY_KEYBOARD = navigator.platform.startsWith("Mac") ? "Press ⌘C" : "Press Ctrl+C";

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function bySelecting(source) {
  if (source.select) {
    source.focus();
    source.select();
  } else {
    window.getSelection().selectAllChildren(source);
  }
  return document.execCommand("copy");
}

function tell(button, words) {
  const place = button.querySelector("[data-words]") || button;
  button.dataset.before ??= place.textContent;
  place.textContent = words;
  announce(words);
  clearTimeout(button.copyTimer);
  button.copyTimer = setTimeout(() => {
    place.textContent = button.dataset.before;
    delete button.dataset.before;
  }, SECONDS * 1000);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  const copied = await toClipboard(source.value ?? source.textContent) || bySelecting(source);
  tell(button, copied ? "Copied" : BY_KEYBOARD);
});

// A click into the field selects all of it.
document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-copy-source]")) event.target.select();
});
