// A button is locked and says what it does while its request runs ("Enrolling…"), so that one click
// is one request. It keeps its place in the focus order: aria-disabled, not disabled.

const LONGEST_PAGE_LOAD_MS = 20000;
const DOUBLE_CLICK_MS = 1500;

function lock(button) {
  if (button.getAttribute("aria-busy") === "true") return;
  const words = button.querySelector("[data-words]") || button;
  button.setAttribute("aria-busy", "true");
  if (button.dataset.busy) {
    button.dataset.idle = words.textContent;
    words.textContent = button.dataset.busy;
  }
}

function unlock(button) {
  const words = button.querySelector("[data-words]") || button;
  button.removeAttribute("aria-busy");
  if (button.dataset.idle !== undefined) {
    words.textContent = button.dataset.idle;
    delete button.dataset.idle;
  }
}

// The button behind a request: the element itself, or what submitted the form. A place that reads
// itself again has none, though buttons stand in it.
function buttonOf(detail) {
  const submitter = detail.requestConfig?.triggeringEvent?.submitter;
  const own = detail.elt?.closest?.("button, .button");
  const form = detail.elt?.matches?.("form") ? detail.elt : null;
  return submitter || own || form?.querySelector("button[type=submit][data-busy]");
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const button = buttonOf(event.detail);
  if (button) lock(button);
});

document.addEventListener("htmx:afterRequest", (event) => {
  const button = buttonOf(event.detail);
  if (button) unlock(button);
});

// A form that htmx does not send (learner pages, sign-in).
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog") return;
  const button = event.submitter || form.querySelector("button[type=submit]");
  if (!button) return;
  // After this event, or the button's own name and value would be lost from what is sent.
  setTimeout(() => lock(button));
  const opensTab = form.target === "_blank"; // this page stays, so only a double click is meant
  setTimeout(() => unlock(button), opensTab ? DOUBLE_CLICK_MS : LONGEST_PAGE_LOAD_MS);
});

// A locked button, and one that is disabled with a reason, swallow the click.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[aria-busy=true], [aria-disabled=true]");
  if (!button?.matches("button, .button")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

// Enter in a field sends a form without a click: the same lock holds.
document.addEventListener("submit", (event) => {
  const button = event.submitter || event.target.querySelector("button[type=submit]");
  if (!button?.matches("[aria-busy=true], [aria-disabled=true]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

// Coming back by the browser's back button shows the page as it was left: locked.
window.addEventListener("pageshow", () => {
  document.querySelectorAll("[aria-busy=true]").forEach((element) => {
    if (element.matches("button, .button")) unlock(element);
  });
});
