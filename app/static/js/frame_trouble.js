// What stands in the frame when signing in did not work: which thing is blocked, in words, and the way
// out. Cookies and storage are looked at too, because people are told to, but nothing depends on them.

const REASONS = {
  parent: "The CRM's page around this one did not answer. Reload it, or open SCORM Hub in a tab of its own.",
  refused: "The CRM could not confirm that SCORM Hub is installed in this location and that you work here. "
    + "Connect your CRM account, or ask an administrator of this location to do so.",
  hub: "SCORM Hub did not answer. It tries again by itself in a few seconds.",
};

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
  return [
    needed("The CRM's page answers", kind !== "parent"),
    needed("SCORM Hub answers", kind === "parent" ? null : kind !== "hub"),
    needed("The CRM confirms you for this location", kind === "refused" ? false : null),
    handy("Storage inside frames", storageWorks()),
    handy("Cookies inside frames", cookiesWork()),
  ];
}

export function explain(trouble, tryAgain) {
  const kind = trouble.kind in REASONS ? trouble.kind : "hub";
  if (document.querySelector(`[data-trouble=${kind}]`)) return; // it says so already
  const page = document.getElementById("frame-trouble").content.cloneNode(true);
  page.querySelector("main").dataset.trouble = kind;
  page.querySelector("[data-reason]").textContent = REASONS[kind];
  const wayOut = page.querySelector("[data-way-out]");
  if (kind !== "refused") {
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
