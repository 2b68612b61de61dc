// What stands in the frame when signing in did not work: which thing is blocked, in words, and the way
// out. Cookies and storage are looked at too, because people are told to, but nothing depends on them.

const REASONS = {
  parent: "The CRM's page around this one did not answer. Reload it, or open SCORM Hub in a tab of its own.",
  refused: "The CRM could not confirm that SCORM Hub is installed in this location and that you work here. "
    + "Reload the CRM's page. If that does not help, connect your CRM account, or ask an administrator of this "
    + "location to do so.",
  nowhere: "SCORM Hub is not installed in any location that is open to you. Connect your CRM account and choose "
    + "the location to work in, or ask an administrator of your agency to do so.",
  closed: "The CRM could not confirm you for the location you had chosen. You can choose again in a moment.",
  unsure: "The CRM cannot be asked about you just now. This page tries again by itself.",
  hub: "SCORM Hub did not answer. It tries again by itself in a few seconds.",
};
const TO_CONNECT = ["refused", "nowhere"];
const NOT_CONFIRMED = ["refused", "nowhere", "closed"];

function storageWorks() {
  try {
    sessionStorage.setItem("hub-test", "1");
    sessionStorage.removeItem("hub-test");
    return true;
  } catch {
    return false;
  }
}

function cookiesWork() {
  try {
    document.cookie = "hub_test=1; SameSite=None; Secure; Partitioned; Path=/";
    const kept = document.cookie.includes("hub_test=1");
    document.cookie = "hub_test=; SameSite=None; Secure; Partitioned; Path=/; Max-Age=0";
    return kept;
  } catch {
    return false;
  }
}

function checks(kind) {
  const needed = (words, ok) => [words, ok === null ? "not tried yet" : ok ? "works" : "does not work"];
  const handy = (words, ok) => [words, ok ? "allowed" : "blocked by your browser; not needed here"];
  const confirms = `The CRM confirms you for ${kind === "nowhere" ? "a" : "this"} location`;
  const confirmed = NOT_CONFIRMED.includes(kind) ? false : null;
  return [
    needed("The CRM's page answers", kind !== "parent"),
    needed("SCORM Hub answers", kind === "parent" ? null : kind !== "hub"),
    kind === "unsure" ? [confirms, "could not be asked"] : needed(confirms, confirmed),
    handy("Storage inside frames", storageWorks()),
    handy("Cookies inside frames", cookiesWork()),
  ];
}

export function explain(trouble, tryAgain) {
  const kind = trouble.kind in REASONS ? trouble.kind : "hub";
  if (document.querySelector(`[data-trouble=${kind}]`)) return; // it says so already
  const page = document.getElementById("frame-trouble").content.cloneNode(true);
  page.querySelector("main").dataset.trouble = kind;
  page.querySelector("[data-reason]").textContent = trouble.sentence ?? REASONS[kind];
  const wayOut = page.querySelector("[data-way-out]");
  if (!TO_CONNECT.includes(kind)) {
    wayOut.textContent = "Open in a new tab";
    wayOut.setAttribute("href", "/");
  }
  for (const [words, state] of checks(kind)) {
    const line = document.createElement("li");
    line.textContent = `${words}: ${state}`;
    page.querySelector("[data-checks]").append(line);
  }
  page.querySelector("[data-try-again]").addEventListener("click", tryAgain);
  document.body.replaceChildren(page);
}
