// Starts the runtime of the course's standard and connects it with the player's controls.

import { ContentFrame } from "./frame.js";
import { Runtime12 } from "./scorm12.js";
import { Runtime2004 } from "./scorm2004.js";
import { leave, leaveAtOnce, session } from "./session.js";
import { View } from "./view.js";

const view = new View();
const frame = new ContentFrame(document.getElementById("place"));
const Runtime = session.tree === null ? Runtime12 : Runtime2004;
const runtime = new Runtime(frame, view, exit);
let exiting = false;
let gone = false;

async function exit() {
  if (exiting) return;
  exiting = true;
  view.hold();
  view.notice("Saving your progress…");
  await runtime.close();
  gone = true;
  await leave();
}

view.on({
  choose: (id) => view.during(() => runtime.choose(id)),
  go: (way) => view.during(() => runtime.go(way)),
  exit,
});

addEventListener("pagehide", () => {
  if (gone) return;
  gone = true;
  leaveAtOnce(() => runtime.closeNow());
});

// A page that the browser brings back from memory has no course in it any more.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

runtime.start();
