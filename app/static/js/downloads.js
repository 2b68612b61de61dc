// Files: a[download]. The browser would give up without a word when a file is refused, and carries no
// session out of the CRM's frame. So the file is fetched here: a refusal is said in its own words, and
// the link is locked and turns while the file is made.

import { announce } from "./announce.js";
import { sessionHeaders, signIn, signedIn } from "./session.js";

const KEPT_MS = 60000; // the browser has taken the file by then
const FAILED = "The file could not be made. Try again in a moment.";
const UNREACHABLE = "The hub could not be reached. Check your connection and try again.";

async function answerOf(address) {
  const ask = () => fetch(address, { headers: { Accept: "application/json", ...sessionHeaders() } });
  const answer = await ask();
  if (answer.status !== 401 || !signedIn()) return answer;
  await signIn();
  return ask();
}

async function sentenceOf(answer) {
  const told = await answer.json().catch(() => ({}));
  return told.error ?? FAILED;
}

function save(file, name) {
  const address = URL.createObjectURL(file);
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.dataset.made = "";
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}

function refuse(text) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "bad" } }));
}

async function download(link) {
  link.setAttribute("aria-busy", "true");
  announce("The file is being made.");
  try {
    const answer = await answerOf(link.href);
    if (!answer.ok) {
      refuse(await sentenceOf(answer));
      return;
    }
    const [, name] = /filename="([^"]*)"/.exec(answer.headers.get("Content-Disposition") ?? "") ?? [];
    save(await answer.blob(), name ?? "");
    announce(`${name ?? "The file"} is downloaded.`);
  } catch {
    refuse(UNREACHABLE);
  } finally {
    link.removeAttribute("aria-busy");
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[download]");
  if (!link || "made" in link.dataset || link.origin !== location.origin) return;
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (link.getAttribute("aria-busy") !== "true") download(link);
}, true);
