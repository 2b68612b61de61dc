// What happens when a request fails: never silence. A boosted page shows the hub's own error page,
// anything else says so in a toast. A script that deals with an answer itself (the session in the
// CRM's frame does, with 401) calls preventDefault() on the event first.

const SENTENCES = {
  400: "That could not be understood. Reload the page and try again.",
  401: "Your session has ended. Reload the page to sign in again.",
  403: "You are not allowed to do that.",
  404: "This no longer exists. Reload the page to see what is there now.",
  409: "Somebody else changed this meanwhile. Reload the page and try again.",
  413: "That is too large.",
  429: "Too many requests at once. Wait a moment and try again.",
  503: "The hub is busy right now. Nothing was changed; try again in a minute.",
};
const YOURS = "That was not accepted, and nothing was changed. Reload the page and try again.";
const OURS = "Something went wrong on our side. Nothing was changed; try again.";

// What the clock asks for every few seconds fails again and again, and is said once.
function say(text, { elt }) {
  const quiet = elt.matches("[hx-trigger^=every]");
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "bad", quiet } }));
}

// What is wrong stands in the page; htmx would write requests that were given up into the console, too.
document.addEventListener("htmx:beforeRequest", ({ detail }) => { detail.error = null; });

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, boosted } = event.detail;
  const isPage = (xhr.getResponseHeader("Content-Type") || "").startsWith("text/html");
  if (boosted && xhr.status >= 400 && isPage && !event.defaultPrevented) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

document.addEventListener("htmx:responseError", (event) => {
  if (event.defaultPrevented) return;
  const { xhr } = event.detail;
  if ((xhr.getResponseHeader("HX-Trigger") || "").includes('"toast"')) return;
  say(SENTENCES[xhr.status] || (xhr.status < 500 ? YOURS : OURS), event.detail);
});

for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    if (!event.defaultPrevented) say("The hub could not be reached. Check your connection and try again.", event.detail);
  });
}

// What an answer will replace says so meanwhile: the words of the question before are not true any more.
for (const [moment, busy] of [["htmx:beforeSend", true], ["htmx:afterRequest", false]]) {
  document.addEventListener(moment, ({ detail: { target, elt } }) => {
    if (target === document.body || elt.matches("[hx-trigger^=every]")) return;
    if (busy) target.setAttribute("aria-busy", "true");
    else target.removeAttribute("aria-busy");
  });
}

// To another site the browser goes by itself; out of the frame, which may not show it, into a new tab.
document.addEventListener("leave", ({ detail: { address } }) => {
  if (window.parent === window) window.location.assign(address);
  else window.open(address, "_blank", "noopener");
});
