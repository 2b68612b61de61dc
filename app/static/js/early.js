// What somebody typed, switched or chose while the scripts were still on their way counts, too: once
// htmx listens, those fields say it again. A page stands on the screen before its scripts have come.

const changed = (field) => field.checked !== field.defaultChecked || field.value !== field.defaultValue;

// After a reload or going back it is the browser that has put older words into the fields.
const [visit] = performance.getEntriesByType("navigation");

document.addEventListener("htmx:load", () => {
  if (visit?.type !== "navigate") return;
  // A color field writes its value in its own way, changed or not.
  for (const field of document.querySelectorAll("input:not([type=color]), textarea")) {
    if (!changed(field)) continue;
    for (const kind of ["input", "change", "search"]) {
      field.dispatchEvent(new Event(kind, { bubbles: true }));
    }
  }
}, { once: true });
