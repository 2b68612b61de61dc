// The session inside the CRM's frame. Its root is a question to the parent page: who is looking? The
// CRM's sealed answer is swapped for a token, which lives in memory and travels as a header, so that
// everything works with cookies and storage blocked. The question may be asked again at any time, and
// is asked anew by every document: a kept token could be that of another location.

const TRIES = 3;
const PATIENCE_MS = 3000;
const LONGEST_ANSWER = 4096;
const STALE_MS = 20 * 60 * 1000;

let token = null;
let used = 0;
let underWay = null;
let here = ""; // the location that the session is for

// Why nobody is signed in:
//   parent   no answer from the CRM's page         hub       no answer from us
//   refused  not confirmed for this location       unsure    the CRM cannot be asked just now
//   choose   `places` to choose from               nowhere   there is none to choose
//   closed   not confirmed for the chosen location
export class Trouble extends Error {
  constructor(kind, details = {}) {
    super(kind);
    Object.assign(this, { kind }, details);
  }
}

export function signedIn() {
  return token;
}

// What any request of ours has to carry. Empty in a tab of its own, where a cookie does this.
export function sessionHeaders() {
  if (!token) return {};
  used = Date.now();
  return { Authorization: `Bearer ${token}` };
}

// The location that somebody picked who stands in none, such as the agency's people. It is only a
// wish, confirmed anew at each sign-in; this tab remembers it over a reload, where it may.
const CHOICE = "hub-location";

function kept() {
  try {
    return sessionStorage.getItem(CHOICE) ?? "";
  } catch {
    return "";
  }
}

let wish = kept();

export function wishFor(location) {
  wish = here = location;
  try {
    if (location) sessionStorage.setItem(CHOICE, location);
    else sessionStorage.removeItem(CHOICE);
  } catch {
    // Blocked: then it lives in memory only.
  }
}

// Signs in, once however many ask at the same time. Rejects with a Trouble.
export function signIn() {
  underWay ??= handshake().finally(() => { underWay = null; });
  return underWay;
}

// Resolves when nobody is signing in: what is under way was asked for the location wished for before.
export async function settled() {
  while (underWay) await underWay.catch(() => {});
}

async function handshake() {
  const answer = await swap(await askParent());
  if (answer.choose) {
    throw answer.choose.length ? new Trouble("choose", { places: answer.choose }) : new Trouble("nowhere");
  }
  if (here && here !== answer.location) return startOverIn(answer.location);
  token = answer.token;
  used = Date.now();
  here = answer.location;
  if (answer.picked) {
    wish = here; // also where there was only one: a second one must not get in the way of a renewal
    document.body.dataset.picked = "";
  }
}

// The CRM's page has gone to another location. Nothing that this document shows may be sent there.
function startOverIn(location) {
  window.location.replace(`/embed?location_id=${encodeURIComponent(location)}`);
  return new Promise(() => {});
}

async function swap(asked) {
  let answer;
  try {
    answer = await fetch("/embed/session", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Hub": "1" },
      body: JSON.stringify({ ...asked, location: wish }),
    });
  } catch {
    throw new Trouble("hub");
  }
  const told = await answer.json().catch(() => ({})); // a page instead of data tells nothing
  if (answer.status === 401 && wish) {
    wishFor("");
    throw new Trouble("closed", { sentence: told.error });
  }
  if (answer.status === 429) throw new Trouble("refused", { sentence: told.error });
  if (answer.status === 401) throw new Trouble("refused");
  if (answer.status === 503 && told.error) throw new Trouble("unsure", { sentence: told.error });
  if (!told.token && !told.choose) throw new Trouble("hub");
  return told;
}

// The answer is cipher text that only our server can read, so asking any parent gives nothing away.
function askParent() {
  return new Promise((resolve, reject) => {
    let tries = 0;
    let timer;
    const hear = (event) => {
      if (event.source !== window.parent) return;
      const { message, payload } = event.data ?? {};
      if (message !== "REQUEST_USER_DATA_RESPONSE") return;
      if (typeof payload !== "string" || payload.length > LONGEST_ANSWER) return;
      stop();
      resolve({ payload, origin: event.origin });
    };
    const stop = () => {
      clearTimeout(timer);
      window.removeEventListener("message", hear);
    };
    const ask = () => {
      if (tries === TRIES) {
        stop();
        reject(new Trouble("parent"));
        return;
      }
      tries += 1;
      window.parent.postMessage({ message: "REQUEST_USER_DATA" }, "*");
      timer = setTimeout(ask, PATIENCE_MS);
    };
    window.addEventListener("message", hear);
    ask();
  });
}

// After a long pause the session is renewed at the first sign of life, before it is needed.
export async function renewIfStale() {
  if (token && Date.now() - used > STALE_MS) await signIn();
}
