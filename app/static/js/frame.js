// The hub inside the CRM's frame: signs in, loads the page, and lets every request of htmx carry the
// session; on 401 the session is renewed once and the request repeated. Only the shell
// (templates/accounts/shell.html) loads this file.

import { Trouble, renewIfStale, sessionHeaders, settled, signIn, wishFor } from "./session.js";
import { offer } from "./frame_choice.js";
import { explain } from "./frame_trouble.js";
import "./frame_exits.js";

const AGAIN_MS = 15000;
const START = "/courses";

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

function start() {
  if (window.parent === window) {
    location.replace("/"); // opened by itself: the connect screen, or the pages in a tab of their own
    return;
  }
  const { destination } = document.body.dataset;
  const goOn = () => show(destination, { replace: destination });
  signIn().then(goOn, (trouble) => recover(trouble, goOn));
}

// Says what is wrong, and goes on by itself as soon as it is not wrong any more.
function recover(trouble, goOn) {
  if (trouble.kind === "choose") {
    offer(trouble.places, async (location) => {
      await enter(location);
      show(document.body.dataset.destination);
    });
    return;
  }
  keepTrying(trouble, trouble.kind === "closed" ? () => show(START) : goOn);
}

let stopTrying = () => {};

function keepTrying(trouble, goOn) {
  stopTrying();
  const tryAgain = async () => {
    try {
      await signIn();
    } catch (again) {
      if (again.kind === "choose") {
        stopTrying();
        recover(again);
      } else {
        explain(again, tryAgain);
      }
      return;
    }
    stopTrying();
    goOn();
  };
  const timer = setInterval(tryAgain, AGAIN_MS);
  const lookAgain = () => { if (!document.hidden) tryAgain(); };
  stopTrying = () => {
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
  event.detail.comesAgain = true; // for those who wait for the answer
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

// Somebody who stands in no location goes to another one, or to the list of them.

const sent = new Set();

for (const start of ["htmx:beforeSend", "htmx:historyCacheMiss"]) {
  document.addEventListener(start, ({ detail: { xhr } }) => {
    sent.add(xhr);
    xhr.addEventListener("loadend", () => sent.delete(xhr));
  });
}

// No answer that was asked for in the old location may show up in the new one.
async function enter(location) {
  await settled();
  for (const xhr of sent) xhr.abort();
  wishFor(location);
  await signIn();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-choose-location]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  enter("").then(() => show(START), (trouble) => recover(trouble, () => show(START)));
}, true);

for (const sign of ["pointerdown", "keydown"]) {
  document.addEventListener(sign, () => renewIfStale().catch(() => {}), true);
}

start();
