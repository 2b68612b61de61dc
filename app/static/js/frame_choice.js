// What stands in the frame for somebody whom the CRM knows but who stands in no location: the locations
// that are open to them. `pick` is given one; if it rejects, its reason is said and the list stays.

import { Trouble } from "./session.js";

const FILTER_FROM = 8;

function button({ location, name }) {
  const line = document.getElementById("frame-place").content.cloneNode(true);
  line.querySelector("[data-place]").dataset.place = location;
  line.querySelector("[data-words]").textContent = name;
  return line;
}

function say(page, words) {
  const problem = page.querySelector("[data-problem]");
  problem.querySelector("[data-words]").textContent = words;
  problem.hidden = !words;
}

async function choose(page, chosen, pick) {
  if (page.querySelector("[aria-busy=true]")) return; // one at a time
  say(page, "");
  chosen.setAttribute("aria-busy", "true");
  try {
    await pick(chosen.dataset.place);
  } catch (trouble) {
    const told = trouble instanceof Trouble && trouble.sentence;
    say(page, told || "SCORM Hub did not answer. Try again in a moment.");
  } finally {
    chosen.removeAttribute("aria-busy");
  }
}

// Narrows the list to the names that hold what is typed.
function filter(page, typed) {
  const wanted = typed.trim().toLocaleLowerCase();
  const lines = [...page.querySelectorAll("[data-places] > li")];
  for (const line of lines) line.hidden = !line.textContent.toLocaleLowerCase().includes(wanted);
  const left = lines.filter((line) => !line.hidden).length;
  page.querySelector("[data-count]").textContent = `${left} of ${lines.length} locations`;
}

export function offer(places, pick) {
  document.body.replaceChildren(document.getElementById("frame-choice").content.cloneNode(true));
  const page = document.getElementById("main");
  page.querySelector("[data-places]").append(...places.map(button));
  page.querySelector("[data-filter]").hidden = places.length < FILTER_FROM;
  filter(page, "");
  page.querySelector("input").addEventListener("input", ({ target }) => filter(page, target.value));
  page.addEventListener("click", ({ target }) => {
    const chosen = target.closest("[data-place]");
    if (chosen) choose(page, chosen, pick);
  });
}
