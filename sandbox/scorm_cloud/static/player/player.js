// Starts the runtime of the course's standard and connects it with the player's controls.

import { ContentFrame } from "./frame.js";
import { Runtime12 } from "./scorm12.js";
import { Runtime2004 } from "./scorm2004.js";
import { leave, sayLeft, session } from "./session.js";
import { View } from "./view.js";

const view = new View();
const frame = new ContentFrame(document.getElementById("place"));
const Runtime = session.tree === null ? Runtime12 : Runtime2004;
const runtime = new Runtime(frame, view, exit);
let gone = false;
let busy = false;

async function exit() {
  if (gone) return;
  view.notice("Saving your progress…");
  await runtime.close();
  gone = true;
  await leave();
}

// One move at a time: unloading a course takes a moment, in which a second click may come.
function oneAtATime(move) {
  return async (...details) => {
    if (busy || gone) return;
    busy = true;
    try {
      await move(...details);
    } finally {
      busy = false;
    }
  };
}

view.on({
  choose: oneAtATime((id) => runtime.choose(id)),
  go: oneAtATime((way) => runtime.go(way)),
  exit: oneAtATime(exit),
});

addEventListener("pagehide", () => {
  if (gone) return;
  gone = true;
  runtime.closeNow();
  sayLeft();
});

// A page that the browser brings back from memory has no course in it any more.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

runtime.start();
