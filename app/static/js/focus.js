// The keyboard never falls off the page. Whatever takes the focused control away (an answer of htmx, the
// clock, a menu or a question that closes), the focus goes to its like in what came instead; where there
// is none, to the sensible next thing: what is left of its row, the next row, the heading above.

const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
const NO_PLACE = "#toasts, dialog"; // they come and go; what matters is where somebody was before

const visible = (element) => element.isConnected && element.checkVisibility();
const controlsIn = (place) => [place, ...place.querySelectorAll(CONTROLS)]
  .filter((element) => element.matches(CONTROLS) && visible(element) && !element.disabled);

// What a control is called, without the part that only tells its row from others.
function nameOf(element) {
  const { dataset, name } = element;
  if (element.matches("summary")) return "summary";
  if (dataset.busy && dataset.idle) return dataset.idle;
  const words = element.cloneNode(true);
  words.querySelectorAll(".unseen, svg").forEach((part) => part.remove());
  return name || words.textContent.trim() || element.className;
}

const like = (one, name, tag) => one.tagName === tag && nameOf(one) === name;

let trail = null;

// Where the focus is: the control, and around it whatever can be found again, with the neighbours of each.
function remember(element) {
  const steps = [];
  for (let place = element.closest("[id]"); place; place = place.parentElement?.closest("[id]")) {
    const family = [...(place.parentElement?.children ?? [])];
    const at = family.indexOf(place);
    const ids = (part) => part.map(({ id }) => id).filter(Boolean);
    steps.push({ id: place.id, neighbours: [...ids(family.slice(at + 1)), ...ids(family.slice(0, at)).reverse()] });
  }
  trail = { element, tag: element.tagName, name: nameOf(element), steps };
}

function likeIn(place) {
  return controlsIn(place).find((one) => like(one, trail.name, trail.tag));
}

function headingOf(place) {
  const own = [...place.querySelectorAll("h1, h2, h3")].find(visible);
  return own ?? place.closest(".card")?.querySelector("h2") ?? null;
}

function successor() {
  const { element, steps } = trail;
  if (element.isConnected) { // inside something that has closed
    const menu = element.closest("details:not([open])")?.querySelector("summary");
    if (menu && visible(menu)) return menu;
  }
  for (const { id, neighbours } of steps) {
    const place = document.getElementById(id);
    if (place && visible(place)) {
      const found = likeIn(place);
      if (found) return found;
      if (place.matches("nav, form")) return controlsIn(place)[0] ?? place;
      if (place.matches("tr, li")) return place.querySelector("th") ?? place;
      const heading = headingOf(place);
      if (heading) return heading;
      continue;
    }
    const next = neighbours.map((one) => document.getElementById(one)).find((one) => one?.matches("tr, li"));
    if (next) return likeIn(next) ?? next.querySelector("th") ?? next;
  }
  return document.getElementById("main");
}

function give(element, options) {
  if (!element) return;
  if (!element.matches(CONTROLS) && !element.hasAttribute("tabindex")) element.tabIndex = -1;
  element.focus(options);
}

function restore() {
  const now = document.activeElement;
  if (now && now !== document.body && visible(now)) return;
  // Whoever works in the page around our frame keeps the keyboard.
  if (!trail || !document.hasFocus() || document.querySelector("dialog[open]")) return;
  const { element } = trail;
  if (visible(element) && !element.disabled) give(element, { preventScroll: true });
  else give(successor(), { preventScroll: true });
}

document.addEventListener("focusin", ({ target }) => {
  if (!target.closest(NO_PLACE) && target !== document.body) remember(target);
});

// The neighbours as they are just before an answer replaces them.
document.addEventListener("htmx:beforeSwap", () => {
  if (trail?.element.isConnected) remember(trail.element);
}, true);

// Somebody who clicks beside everything wants to be nowhere.
document.addEventListener("pointerdown", () => {
  setTimeout(() => { if (document.activeElement === document.body) trail = null; });
});

const watch = new MutationObserver(() => {
  restore();
  requestAnimationFrame(restore); // hidden, disabled: the browser notices only now
});
watch.observe(document.documentElement, {
  childList: true, subtree: true, attributes: true, attributeFilter: ["open", "hidden", "disabled"],
});
document.addEventListener("close", () => requestAnimationFrame(restore), true);

// After a visit by htmx the keyboard and the screen reader start at the new page, as after any other;
// after a form at what came of it (data-outcome), or in the field that was refused.
const ARRIVAL = ["#main [aria-invalid=true]", "#main [data-outcome]", "#main"];

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target !== document.body || document.activeElement?.closest("#main")) return;
  window.scrollTo(0, 0);
  give(ARRIVAL.map((one) => document.querySelector(one)).find(Boolean), { preventScroll: true });
  document.activeElement.closest("[aria-invalid]")?.scrollIntoView({ block: "nearest" });
});
