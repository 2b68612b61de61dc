// The session inside the CRM's frame. Its root is a question to the parent page: who is looking? The
// CRM's sealed answer is swapped for a token, which lives in memory and travels as a header, so that
// everything works with cookies and storage blocked. The question may be asked again at any time.

const TRIES = 3;
const PATIENCE_MS = 3000;
const LONGEST_ANSWER = 4096;
const STORED_AS = "hub-session";
const STALE_MS = 20 * 60 * 1000;

let token = null;
let used = 0;
let underWay = null;

// Why signing in did not work: "parent" (no answer from the CRM), "refused", "hub" (no answer from us).
export class Trouble extends Error {
  constructor(kind) {
    super(kind);
    this.kind = kind;
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

// The token of the page that stood in this frame before, if the browser keeps one.
export function recall() {
  try {
    token = sessionStorage.getItem(STORED_AS);
  } catch {
    token = null;
  }
  return token;
}

function keep(fresh) {
  token = fresh;
  used = Date.now();
  try {
    sessionStorage.setItem(STORED_AS, fresh);
  } catch {
    // Blocked: then it lives in memory only.
  }
}

// Signs in, once however many ask at the same time. Rejects with a Trouble.
export function signIn() {
  underWay ??= handshake().finally(() => { underWay = null; });
  return underWay;
}

async function handshake() {
  const { payload, origin } = await askParent();
  let answer;
  try {
    answer = await fetch("/embed/session", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Hub": "1" },
      body: JSON.stringify({ payload, origin }),
    });
  } catch {
    throw new Trouble("hub");
  }
  if (answer.status === 401 || answer.status === 429) throw new Trouble("refused");
  if (!answer.ok) throw new Trouble("hub");
  keep((await answer.json()).token);
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
export function renewIfStale() {
  if (token && Date.now() - used > STALE_MS) signIn().catch(() => {});
}
