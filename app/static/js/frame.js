// The hub inside the CRM's frame: signs in, loads the page, and makes everything that leaves the page
// carry the session. Only the shell (templates/accounts/shell.html) loads this file.
//   htmx requests           get the Authorization header; on 401 the session is renewed once and the
//                           request repeated
//   a[data-ticket], a[download]    get a one-time ticket; with target="_blank" in a new tab
//   form[target="_blank"]   gets a hidden session_token while it is sent (add hx-boost="false")

import { Trouble, recall, renewIfStale, sessionHeaders, signIn, signedIn } from "./session.js";
import { explain } from "./frame_trouble.js";

const AGAIN_MS = 15000;

// Loading pages

function show(path, options = {}) {
  return htmx.ajax("GET", path, {
    source: document.body,
    target: document.body,
    swap: "innerHTML",
    headers: { "HX-Boosted": "true" },
    ...options,
  });
}

async function start() {
  if (window.parent === window) {
    location.replace("/"); // opened by itself: the connect screen, or the pages in a tab of their own
    return;
  }
  const { destination } = document.body.dataset;
  const within = location.pathname !== "/embed" && location.pathname !== "/";
  try {
    if (!(within && recall())) await signIn();
    show(destination, { replace: destination });
  } catch (trouble) {
    recover(trouble, () => show(destination, { replace: destination }));
  }
}

// Says what is wrong, and goes on by itself as soon as it is not wrong any more.
function recover(trouble, goOn) {
  const tryAgain = async () => {
    try {
      await signIn();
    } catch (again) {
      explain(again, tryAgain);
      return;
    }
    stop();
    goOn();
  };
  const timer = setInterval(tryAgain, AGAIN_MS);
  const lookAgain = () => { if (!document.hidden) tryAgain(); };
  const stop = () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", lookAgain);
  };
  document.addEventListener("visibilitychange", lookAgain);
  explain(trouble, tryAgain);
}

// Requests of htmx

const repeats = new WeakMap();
const repeated = new WeakSet();

document.addEventListener("htmx:configRequest", ({ detail }) => {
  Object.assign(detail.headers, sessionHeaders());
});

// Going back asks the server for the page without asking us first; its request is open already.
document.addEventListener("htmx:historyCacheMiss", ({ detail }) => {
  for (const [name, value] of Object.entries(sessionHeaders())) {
    detail.xhr.setRequestHeader(name, value);
  }
});

document.addEventListener("htmx:historyCacheMissLoadError", ({ detail }) => {
  if (detail.xhr.status === 401) {
    signIn().then(() => show(detail.path), (trouble) => recover(trouble, () => show(detail.path)));
  }
});

// htmx hands out here the one function that sends this very request again.
document.addEventListener("htmx:confirm", ({ detail }) => {
  repeats.set(detail.etc, detail.issueRequest);
}, true);

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr, etc } = event.detail;
  if (xhr.status !== 401) return;
  event.preventDefault();
  const again = () => repeats.get(etc)?.(true);
  if (repeated.has(etc)) {
    recover(new Trouble("refused"), () => show(document.body.dataset.destination));
    return;
  }
  repeated.add(etc);
  signIn().then(again, (trouble) => recover(trouble, () => show(location.pathname + location.search)));
});

// The page itself was asked for and the answer is an error's page: show it.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const page = (detail.xhr.getResponseHeader("Content-Type") || "").startsWith("text/html");
  if (detail.elt === document.body && detail.xhr.status >= 400 && page) {
    detail.shouldSwap = true;
    detail.isError = false;
  }
});

// Links and forms that leave the page

function ours(address) {
  return new URL(address, location.href).origin === location.origin;
}

async function ticketFor(path) {
  const ask = () => fetch("/tickets", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...sessionHeaders() },
    body: JSON.stringify({ path }),
  });
  let answer = await ask();
  if (answer.status === 401) {
    await signIn();
    answer = await ask();
  }
  if (!answer.ok) throw new Trouble("hub");
  return (await answer.json()).ticket;
}

async function follow(link) {
  const address = new URL(link.href);
  const tab = link.target === "_blank" ? window.open("", "_blank") : null; // now, or it is blocked
  try {
    address.searchParams.set("ticket", await ticketFor(address.pathname));
  } catch {
    tab?.close();
    const text = "That could not be opened. Try again in a moment.";
    document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "bad" } }));
    return;
  }
  if (tab) {
    tab.opener = null;
    tab.location.replace(address);
    return;
  }
  const download = Object.assign(document.createElement("a"), { href: address, download: link.download });
  download.dataset.ticketed = "";
  document.body.append(download);
  download.click();
  download.remove();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-ticket], a[download]");
  if (!link || !signedIn() || "ticketed" in link.dataset || !ours(link.href)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  follow(link);
}, true);

document.addEventListener("submit", ({ target: form }) => {
  if (!signedIn() || form.target !== "_blank" || !ours(form.action)) return;
  const field = Object.assign(document.createElement("input"), {
    type: "hidden", name: "session_token", value: signedIn(),
  });
  form.append(field);
  setTimeout(() => field.remove());
}, true);

for (const sign of ["pointerdown", "keydown"]) {
  document.addEventListener(sign, renewIfStale, true);
}

start();
