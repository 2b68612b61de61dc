// What the server said about this launch, and the way back to it.

export const session = JSON.parse(document.getElementById("session").textContent);
export const items = new Map(session.items.map((item) => [item.id, item]));
export const launchable = session.items.filter((item) => item.href !== null);

const AGAIN = 2000; // ms until a server that could not be reached is tried again
const left = `${session.base}leave`;
let held = null; // reports that wait while content is unloaded; null: each goes at once
let reachable = true;
let going = false; // the player's own page is going away

// Browsers do not let a page wait for an answer while content is unloaded. What is reported then
// waits, and goes in order as soon as the content is gone.
export function beginUnloading() {
  held ??= [];
}

const isUnloading = () => held !== null;

export function endUnloading() {
  while (!going && held?.length > 0) {
    reachable = send(held[0]) !== null;
    if (!reachable) {
      setTimeout(endUnloading, AGAIN);
      return;
    }
    held.shift();
  }
  if (!going) held = null;
}

// Sends a report and waits for the answer, as SCORM's calls demand. It says whether it was kept.
//
// A page of the course may also go away by itself, and no script can ask whether it does. So the
// first report that cannot be sent is kept here and goes at once when somebody may wait again; if it
// cannot be sent then either, it was the server, and what follows is answered with that.
export function report(body) {
  if (held === null) {
    const kept = send(body);
    if (kept !== null) return kept;
    beginUnloading();
    setTimeout(endUnloading);
  }
  hold(body);
  return reachable;
}

// Whether the server kept it; null if it could not be asked.
function send(body) {
  const request = new XMLHttpRequest();
  try {
    request.open("POST", `${session.base}commit`, false);
    request.setRequestHeader("Content-Type", "application/json");
    request.send(JSON.stringify(body));
    return request.status === 200;
  } catch {
    return null;
  }
}

// Reports of one item in a row become one, so that the last of them fit into a beacon.
function hold(body) {
  const last = held.at(-1);
  if (last && (last.item ?? body.item) === (body.item ?? last.item)) Object.assign(last, body);
  else held.push(body);
}

// Whether what happens now is the doing of somebody at the keyboard. A course that finishes when
// its button is pressed is done with; one that finishes by itself, or while it turns its own page, may
// have more to show.
export function learnerDidIt() {
  return !isUnloading() && (navigator.userActivation?.isActive ?? true);
}

// The page goes away: all that `closing` still reports, and that the learner left, in one message,
// so that nothing overtakes anything. It is a beacon, whose arrival nobody can confirm and which may
// not be larger than 64 kB; if it is, the sequencing state of the last delivery has to do.
export function leaveAtOnce(closing) {
  going = true;
  beginUnloading();
  closing();
  const smaller = held.map(({ sequencing, ...rest }) => rest);
  [held, smaller, []].some((words) => navigator.sendBeacon(left, JSON.stringify(words)));
}

export async function leave() {
  try {
    await fetch(left, { method: "POST" });
  } catch {
    navigator.sendBeacon(left);
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
