// Copy buttons: data-copy="#field" copies that field's text, data-copy-text="…" the given one.
// Inside a frame, and on plain http, the browser may refuse its clipboard; then the text is selected
// and copied the old way, and when even that is refused it stays selected for Ctrl+C.

const SECONDS = 3;

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function bySelecting(field) {
  field.focus();
  field.select();
  return document.execCommand("copy");
}

// A text that stands in no field gets one for the moment.
function borrowedField(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.className = "unseen";
  document.body.append(field);
  return field;
}

// A screen reader hears a change of this text; emptied first, so that the same words count again.
function announce(words) {
  const place = document.getElementById("announcements");
  place.textContent = "";
  setTimeout(() => { place.textContent = words; }, 50);
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
  const button = event.target.closest("[data-copy], [data-copy-text]");
  if (!button) return;
  const field = button.dataset.copy && document.querySelector(button.dataset.copy);
  const text = field ? field.value ?? field.textContent : button.dataset.copyText;
  if (await toClipboard(text)) {
    tell(button, "Copied");
    return;
  }
  const source = field?.select ? field : borrowedField(text);
  const copied = bySelecting(source);
  if (source !== field) {
    source.remove();
    button.focus();
  }
  tell(button, copied ? "Copied" : "Press Ctrl+C");
});

// A click into the field selects all of it.
document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-copy-source]")) event.target.select();
});
