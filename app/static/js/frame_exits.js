// What leaves the page in the CRM's frame carries no header, and so gets a proof of its own (files are
// fetched instead, see downloads.js):
//   a[data-ticket]                 a one-time ticket, in a new tab
//   form[target="_blank"]          a hidden session_token while it is sent (add hx-boost="false")

import { Trouble, sessionHeaders, signIn, signedIn } from "./session.js";

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
  const tab = window.open("", "_blank"); // now, or it is blocked
  try {
    address.searchParams.set("ticket", await ticketFor(address.pathname));
  } catch {
    tab.close();
    const text = "That could not be opened. Try again in a moment.";
    document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "bad" } }));
    return;
  }
  tab.opener = null;
  tab.location.replace(address);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-ticket]:not([download])");
  if (!link || !signedIn() || !ours(link.href)) return;
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
