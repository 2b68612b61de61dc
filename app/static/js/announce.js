// Whatever changes on the page is said to whoever cannot see it, by this file alone. The two regions
// (#announcements waits its turn, #alerts interrupts) stay while pages are swapped. What is said stands
// in the markup:
//   <p data-say>12 courses</p>              its own words, when somebody asked for this place or they changed
//   <tr id="…" data-say="Ada: Completed">   these words, when they are new of a row that was there before
// A new page is said by its title; what came of a form is read because it gets the focus (focus.js).

const SAME_AGAIN = "\u00a0"; // only a change is read out, also of the same words
const waiting = { announcements: [], alerts: [] };

export function announce(words, urgent = false) {
  const name = urgent ? "alerts" : "announcements";
  if (waiting[name].push(words) > 1) return;
  setTimeout(() => {
    const region = document.getElementById(name);
    const text = [...new Set(waiting[name].splice(0))].join(" ");
    if (region) region.textContent = region.textContent === text ? text + SAME_AGAIN : text;
  });
}

const tidy = (text) => text.replace(/\s+/g, " ").trim();
const wordsOf = (element) => tidy(element.dataset.say || element.textContent);

function keyOf(element) {
  if (element.id) return element.id;
  const place = element.closest("[id]");
  return `${place?.id} ${[...(place ?? document).querySelectorAll("[data-say]")].indexOf(element)}`;
}

function spoken() {
  return new Map([...document.querySelectorAll("[data-say]")].map((one) => [keyOf(one), wordsOf(one)]));
}

function news(before, place) {
  return [...document.querySelectorAll("[data-say]")].filter((one) => {
    const old = before.get(keyOf(one));
    const words = wordsOf(one);
    if (!words) return false;
    if (one.dataset.say) return old !== undefined && old !== words;
    return old !== words || place?.contains(one);
  }).map(wordsOf);
}

// Where something else gets the focus, it is that which is read.
function arrive() {
  if (!document.querySelector("#main :is([data-outcome], [aria-invalid=true])")) announce(document.title);
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig } = event.detail;
  const before = spoken();
  const { id } = target;
  const byTheClock = requestConfig.elt.matches("[hx-trigger^=every]");
  queueMicrotask(() => { // when all is in its place
    if (event.defaultPrevented || !event.detail.shouldSwap) return;
    if (target === document.body) arrive();
    else news(before, byTheClock ? null : id && document.getElementById(id)).forEach((words) => announce(words));
  });
});
