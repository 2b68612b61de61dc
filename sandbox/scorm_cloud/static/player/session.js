// What the server said about this launch, and the way back to it.

export const session = JSON.parse(document.getElementById("session").textContent);
export const items = new Map(session.items.map((item) => [item.id, item]));
export const launchable = session.items.filter((item) => item.href !== null);

let unloading = false; // while content is being unloaded, only beacons get through
let refused = null; // a report that was too large for a beacon

export function beginUnloading() {
  unloading = true;
}

export function endUnloading() {
  unloading = false;
  const late = refused;
  refused = null;
  if (late !== null) report(late);
}

// Sends a report and waits for the answer, as SCORM's calls demand. Browsers refuse to wait while
// a page is unloaded; then a beacon carries it, whose arrival nobody can confirm and which may
// not be larger than 64 kB. What is larger goes after the content is gone.
export function report(body) {
  const text = JSON.stringify(body);
  const request = new XMLHttpRequest();
  try {
    request.open("POST", `${session.base}commit`, false);
    request.setRequestHeader("Content-Type", "application/json");
    request.send(text);
    return request.status === 200;
  } catch {
    if (!unloading) return false;
    const queued = navigator.sendBeacon(`${session.base}commit`, text);
    if (!queued) refused = body;
    return queued;
  }
}

// Whether what happens now is the doing of somebody at the keyboard. A course that finishes when
// its button is pressed is done with; one that finishes by itself may have more to show.
export function learnerDidIt() {
  return navigator.userActivation?.isActive ?? true;
}

export function sayLeft() {
  navigator.sendBeacon(`${session.base}leave`);
}

export async function leave() {
  try {
    await fetch(`${session.base}leave`, { method: "POST" });
  } catch {
    sayLeft();
  }
  if (session.exit === "closer") {
    window.close(); // works for windows that a script opened; others see the closing page
    location.replace(`${session.base}end`);
  } else {
    location.replace(session.exit);
  }
}

// The part of scorm-again that talks to the server. `store` gets the data of each commit and
// says whether it was kept.
export class Carrier {
  constructor(store) {
    this.store = store;
  }

  processHttpRequest(url, data, immediate, log, listeners, metadata) {
    const kept = this.store(data.cmi, metadata?.isTerminateCommit ?? immediate);
    return { result: kept ? "true" : "false", errorCode: kept ? 0 : 101 };
  }

  updateSettings() {}
}
