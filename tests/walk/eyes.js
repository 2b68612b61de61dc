// What the walk sees of a page from within: which controls there are, and what a press has led to.
// Added to every document before its own scripts; it changes nothing and calls nothing of theirs.

(() => {
  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary,"
    + " [role=button], [role=menuitem], [role=tab], [role=option], [role=link], [contenteditable],"
    + " [tabindex='0'], [hx-get], [hx-post], [hx-put], [hx-patch], [hx-delete]";
  const LIVE = "[aria-live=polite], [aria-live=assertive], [role=status], [role=alert], [role=log], output";
  const NATIVE = "a[href], button, input, select, textarea, summary";
  const ID = /[0-9a-f]{32}|[\w-]{43}/g;
  const later = window.setTimeout.bind(window); // a test may turn the page's clock
  const frame = window.requestAnimationFrame.bind(window);

  let requests = 0; // under way, of htmx, fetch and XMLHttpRequest alike
  let seen = null; // since the last `mark`

  const { send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.send = function (...rest) {
    requests += 1;
    this.addEventListener("loadend", () => { requests -= 1; });
    return send.apply(this, rest);
  };
  const { fetch } = window;
  window.fetch = (...rest) => {
    requests += 1;
    return fetch(...rest).finally(() => { requests -= 1; });
  };

  // Which controls there are

  const words = (text) => (text ?? "").replace(/\s+/g, " ").trim();
  const shown = (element) => element.checkVisibility({ visibilityProperty: true })
    && (element.getClientRects().length > 0 || element.closest("label") !== null);

  function modal() {
    return [...document.querySelectorAll("dialog[open]")].findLast((one) => one.matches(":modal"));
  }

  // The words without what makes them one row's own: "Enroll" and not "Enroll Ada Lovelace".
  function ownWords(element) {
    const copy = element.cloneNode(true);
    copy.querySelectorAll?.(".unseen, input, select, textarea").forEach((one) => {
      if (words(copy.textContent) !== words(one.textContent)) one.remove();
    });
    return words(copy.textContent);
  }

  function nameOf(element) {
    const label = element.labels?.[0];
    return words(element.getAttribute("aria-label")) || (label && ownWords(label))
      || ownWords(element) || words(element.getAttribute("title")) || words(element.name);
  }

  function addressOf(element) {
    const own = ["href", "formaction", "hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete", "data-open", "data-copy"]
      .map((name) => element.getAttribute(name)).find(Boolean);
    const form = element.form ?? element.closest("form");
    const address = own ?? form?.getAttribute("hx-post") ?? form?.getAttribute("action") ?? "";
    if (address.startsWith("#")) return address;
    const { origin, pathname, hash } = new URL(address, location.href); // a filter makes no other control
    return (origin === location.origin ? "" : origin) + pathname.replace(ID, "…") + hash;
  }

  // Rows of a table or list are alike where what they say of their state is.
  function rowOf(element) {
    const row = element.closest("tbody tr, .results > li");
    if (!row) return "";
    return [...row.querySelectorAll(".badge")].map((one) => words(one.textContent)).join("/") || "row";
  }

  function placeOf(element) {
    const place = element.closest("dialog, details.menu, header, nav, aside, .toasts, main");
    if (!place) return "";
    return place.matches("header, nav, aside, main") ? place.localName : place.id || place.className;
  }

  function kindOf(element) {
    const row = rowOf(element);
    const name = row && !element.matches("button, summary, input") && element.matches(".cell-main") ? "" : nameOf(element);
    const parts = [element.localName, element.type ?? "", row ? name.replace(/ of .*| for .*/, "") : name,
      addressOf(element), placeOf(element), row];
    return parts.join("|");
  }

  const empty = (field) => field.matches("input, textarea") && !field.value && !field.readOnly && shown(field)
    && !/^(hidden|file|checkbox|radio|color|search|submit)$/.test(field.type) && !field.closest(".unseen");

  function standsIn(element) {
    if (element.matches(".skip")) return "skip";
    if (element.closest("header")) return "frame";
    return element.closest("nav") ? "nav" : "page";
  }

  function controls() {
    const within = modal() ?? document;
    const found = new Map();
    for (const element of within.querySelectorAll(CONTROLS)) {
      if (!shown(element) || element.closest("[aria-hidden=true]")) continue;
      if (element.matches("[hx-trigger^=every], [hx-trigger=load]")) continue; // they ask by themselves
      const native = element.matches(NATIVE) || element.tabIndex >= 0;
      if (!native && element.matches("form, [hx-trigger]")) continue; // its fields and buttons are looked at
      const kind = kindOf(element);
      if (found.has(kind)) continue;
      found.set(kind, {
        kind,
        native,
        tag: element.localName,
        type: element.getAttribute("type") ?? "",
        role: element.getAttribute("role") ?? "",
        name: nameOf(element),
        href: element.getAttribute("href") ?? "",
        address: addressOf(element),
        target: element.target ?? "",
        download: element.hasAttribute("download"),
        readonly: element.readOnly === true,
        disabled: element.disabled === true || element.getAttribute("aria-disabled") === "true",
        current: element.hasAttribute("aria-current"),
        accept: element.accept ?? "",
        field: element.name || element.id || "",
        inForm: Boolean(element.form),
        sends: element.closest("[hx-post], [hx-delete], form[method=post]") !== null,
        asks: element.matches("button") && element.type === "submit" && element.form
          ? [...element.form.elements].filter(empty).map((one) => one.name) : [],
        stands: standsIn(element),
        opens: element.matches("summary, [data-open], [hx-confirm]") || Boolean(element.closest("[hx-confirm], [data-confirm]")),
        delay: Number((element.closest("[hx-trigger*=delay]")?.getAttribute("hx-trigger").match(/delay:(\d+)ms/) ?? [0, 0])[1]),
      });
    }
    return [...found.values()];
  }

  // What the page says and offers, without the numbers and times in it: the same face, the same page.
  function face() {
    const said = words(document.querySelector("main")?.innerText).replace(/\d+/g, "0");
    return [document.title, location.pathname.replace(ID, "…"), said, ...controls().map((one) => one.kind)].join("\n");
  }

  function control(kind) {
    const within = modal() ?? document;
    return [...within.querySelectorAll(CONTROLS)].find((one) => shown(one) && kindOf(one) === kind) ?? null;
  }

  // What a press has led to

  function liveText() {
    return new Map([...document.querySelectorAll(LIVE)].map((one) => [one, words(one.textContent)]));
  }

  const observer = new MutationObserver((changes) => {
    if (!seen) return;
    seen.changes += changes.length;
    for (const { target } of changes) {
      const place = (target.nodeType === 1 ? target : target.parentElement)?.closest(LIVE);
      if (place && seen.live.has(place)) hear(place);
    }
    for (const place of document.querySelectorAll("[role=alert]")) if (!seen.live.has(place)) hear(place);
  });

  function hear(place) {
    const said = words(place.textContent);
    if (said && said !== seen.live.get(place)) seen.heard.push(said);
    seen.live.set(place, said);
  }

  const fieldValues = () => [...document.querySelectorAll("input, select, textarea")]
    .map((one) => `${one.value}${one.checked ?? ""}`).join("\n");

  function mark() {
    seen = {
      live: liveText(), heard: [], changes: 0, swaps: [], policy: [],
      values: fieldValues(), focus: document.activeElement, address: location.href,
      main: words(document.querySelector("main")?.innerText),
    };
    window.walkMark = seen;
    return seen.main;
  }

  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    seen?.swaps.push({ target: detail.target?.id || detail.target?.localName, polled: Boolean(
      detail.requestConfig?.elt?.matches?.("[hx-trigger^=every], [hx-trigger=load]")) });
  });
  document.addEventListener("securitypolicyviolation", (event) => {
    window.walkPolicy = [...(window.walkPolicy ?? []), `${event.effectiveDirective} forbids ${event.blockedURI}`];
  });

  const nothingHasFocus = () => !document.activeElement || document.activeElement === document.body
    || document.activeElement === document.documentElement || !document.activeElement.isConnected;

  const scrolls = (element) => {
    for (let one = element.parentElement; one && one !== document.body; one = one.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth + 1) return one;
      if (/fixed/.test(getComputedStyle(one).position)) return null;
    }
    return null;
  };

  // Controls that nobody can reach with a finger, because they lie beside the window, or below it
  // where nothing scrolls.
  function outside() {
    const width = document.documentElement.clientWidth;
    const lost = [];
    const within = modal() ?? document;
    for (const element of within.querySelectorAll(CONTROLS)) {
      if (!shown(element) || element.closest(".unseen") || element.matches(".skip, form, [hx-trigger^=every]")) continue;
      const box = element.getBoundingClientRect();
      const fixed = element.closest(".menu-list");
      const above = fixed && (box.bottom > window.innerHeight + 1 || box.top < -1);
      const beside = (box.left < -1 || box.right > width + 1) && !scrolls(element);
      if (above || beside) lost.push(`${nameOf(element)} lies at ${Math.round(box.left)}…${Math.round(box.right)} × ${Math.round(box.top)}…${Math.round(box.bottom)} in ${width} × ${window.innerHeight}`);
    }
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth + 1) lost.push(`the page scrolls sideways (${root.scrollWidth} in ${root.clientWidth})`);
    return lost;
  }

  function skeleton() {
    const missing = [];
    if (!document.querySelector("html[lang]")) missing.push("<html lang>");
    if (!words(document.title)) missing.push("<title>");
    const mains = [...document.querySelectorAll("main")].filter((one) => one.checkVisibility());
    if (mains.length !== 1) missing.push(`one <main> (there are ${mains.length})`);
    const headings = [...document.querySelectorAll("h1")].filter((one) => one.checkVisibility());
    if (headings.length !== 1) missing.push(`one <h1> (there are ${headings.length})`);
    return missing;
  }

  function report() {
    observer.takeRecords();
    return {
      renewed: !window.walkMark,
      address: location.href,
      missing: skeleton(),
      outside: outside(),
      policy: window.walkPolicy ?? [],
      toasts: [...document.querySelectorAll("#toasts [data-toast]")].map((one) => words(one.textContent)),
      alerts: [...document.querySelectorAll("[role=alert], .field-error, .notice.bad, .notice.warn")]
        .filter((one) => one.checkVisibility()).map((one) => words(one.textContent)),
      menu: document.querySelector("details.menu[open], dialog[open]") !== null,
      lostFocus: nothingHasFocus(),
      focus: document.activeElement ? `${document.activeElement.localName}#${document.activeElement.id}` : "nothing",
      main: words(document.querySelector("main")?.innerText),
      ...(seen ? {
        heard: seen.heard, changes: seen.changes, swaps: seen.swaps, mainBefore: seen.main,
        changedValues: seen.values !== fieldValues(),
        movedFocus: seen.focus !== document.activeElement,
        movedAddress: seen.address !== location.href,
      } : {}),
    };
  }

  // Somebody comes anew: nothing is left of what was done before.
  function forget() {
    document.activeElement?.blur();
    document.querySelectorAll("dialog[open]").forEach((one) => one.close("no"));
    document.querySelectorAll("#toasts > *").forEach((one) => one.remove());
    window.walkPolicy = [];
    window.walkMark = seen = null;
  }

  // Goes to a page as a link inside the hub does; resolves with whether that worked.
  async function visit(path) {
    if (!window.htmx || !document.querySelector("body[hx-boost]")) return false;
    forget();
    let arrived = false;
    const see = ({ detail }) => { arrived ||= detail.target === document.body; };
    document.addEventListener("htmx:afterSwap", see);
    await window.htmx.ajax("GET", path, {
      source: document.body, target: document.body, swap: "innerHTML", push: "true",
      headers: { "HX-Boosted": "true" },
    });
    document.removeEventListener("htmx:afterSwap", see);
    return arrived;
  }

  // Resolves with whether something is still going on.
  function busy() {
    return new Promise((resolve) => {
      frame(() => later(() => {
        const settling = document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added");
        resolve(requests > 0 || Boolean(settling) || document.readyState !== "complete"
          || document.querySelector("[data-location] > #page [aria-busy=true]") !== null
            && document.querySelector("h1")?.textContent === "Signing you in");
      }, 25));
    });
  }

  const begin = () => observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  if (document.documentElement) begin();
  else document.addEventListener("readystatechange", begin, { once: true });

  window.walk = { controls, empty, face, control, mark, report, busy, skeleton, outside, visit };
})();
