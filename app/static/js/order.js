// Which answer counts when several are under way. A part of a page that reads itself again by the
// clock (hx-trigger="every …") gives way to people: it is not replaced under a finger that is down,
// under an open menu or a question, nor in place of what somebody has just asked for. Of two wishes
// about the same place, such as two pages, the later one counts, whichever is answered first. The clock
// stands still while nobody looks, and says which version of the place is shown: nothing comes of an
// unchanged one.

const looks = new Map(); // open requests of the clock, and the place that each will replace
const wishes = new Map(); // open requests of people, likewise
const latest = new WeakMap(); // a place, and the last wish about it
let pressed = null; // what a finger, a mouse button or a key is down on

const byTheClock = ({ requestConfig }) => requestConfig.elt.matches("[hx-trigger^=every]");
const overlap = (one, other) => one.contains(other) || other.contains(one);

// Something typed or marked would be lost; any other focus is kept (focus.js).
const TYPED_IN = "input:not([type=checkbox], [type=radio]), textarea, select";

function marked(place) {
  const selection = window.getSelection();
  return selection !== null && !selection.isCollapsed && selection.containsNode(place, true);
}

function inUse(place) {
  return document.querySelector("dialog[open]") !== null
    || (place.contains(document.activeElement) && document.activeElement.matches(TYPED_IN))
    || marked(place)
    || place.querySelector("details.menu[open]") !== null
    || place.contains(pressed)
    || [...wishes.values()].some((wished) => overlap(wished, place));
}

function note(requests, { xhr, target }) {
  requests.set(xhr, target);
  xhr.addEventListener("loadend", () => requests.delete(xhr));
}

document.addEventListener("htmx:configRequest", ({ detail }) => {
  const { version } = detail.elt.dataset;
  if (version) detail.headers["Shown-Version"] = version;
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const { detail } = event;
  if (!byTheClock(detail)) {
    // What the clock has asked before knows nothing of this wish.
    for (const [xhr, place] of looks) if (overlap(place, detail.target)) looks.delete(xhr);
    latest.set(detail.target, detail.xhr);
    note(wishes, detail);
  } else if (document.hidden || inUse(detail.target)) {
    event.preventDefault(); // the clock comes again
  } else {
    note(looks, detail);
  }
});

function tooLate(detail) {
  if (!byTheClock(detail)) return latest.get(detail.target) !== detail.xhr;
  return !looks.has(detail.xhr) || inUse(detail.target);
}

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!tooLate(event.detail)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

// Going back is a visit, too.
document.addEventListener("htmx:historyCacheMiss", ({ detail }) => {
  latest.set(document.body, detail.xhr);
});

for (const down of ["pointerdown", "keydown"]) {
  document.addEventListener(down, ({ target }) => { pressed = target; }, true);
}
for (const up of ["pointerup", "pointercancel", "keyup"]) {
  document.addEventListener(up, () => setTimeout(() => { pressed = null; }), true); // after the click
}
window.addEventListener("blur", () => { pressed = null; });
