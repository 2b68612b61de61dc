// What a course finds in its data model when it starts: pure functions of the manifest's item, of
// what the last session left, and of the learner.
//
// Only an attempt that content asked to suspend goes on with its bookmark and suspend data, and one
// that is still going on when the player's page is loaded again. A new attempt at the same item
// starts without them but keeps what was achieved.

const text = (value) => (value === null || value === undefined ? "" : String(value));

function kept(former, names) {
  const known = names.filter((name) => former[name] !== undefined && former[name] !== null);
  return Object.fromEntries(known.map((name) => [name, former[name]]));
}

//
// `total` is the time in seconds that was spent in the item so far.
export function data12(item, stored, learner, total) {
  const former = stored?.core ?? {};
  const resumed = former.exit === "suspend" || item.goingOn;
  const core = {
    ...kept(former, ["lesson_status", "score"]),
    total_time: timespan(total),
    student_id: learner.id,
    student_name: learner.name,
    credit: "credit",
    lesson_mode: "normal",
    lesson_location: resumed ? text(former.lesson_location) : "",
    entry: stored === undefined ? "ab-initio" : resumed ? "resume" : "",
  };
  const data = {
    core,
    launch_data: item.launchData,
    student_data: {
      mastery_score: text(item.masteryScore),
      max_time_allowed: item.maxTimeAllowed,
      time_limit_action: item.timeLimitAction,
    },
  };
  const lasting = ["suspend_data", "comments", "objectives", "interactions"];
  return { ...data, ...kept(stored ?? {}, ["student_preference", ...(resumed ? lasting : [])]) };
}

export function data2004(item, stored, learner, total) {
  const former = stored ?? {};
  const resumed = former.exit === "suspend" || item.goingOn;
  const achieved = ["completion_status", "success_status", "score", "progress_measure"];
  const lasting = [
    "location", "suspend_data", "objectives", "interactions", "comments_from_learner",
    "learner_preference", ...achieved,
  ];
  const names = resumed ? lasting : ["learner_preference", ...achieved];
  return {
    ...kept(former, names),
    total_time: total > 0 ? duration(total) : "",
    learner_id: learner.id,
    learner_name: learner.name,
    credit: "credit",
    mode: "normal",
    entry: stored === undefined ? "ab-initio" : resumed ? "resume" : "",
    launch_data: item.launchData,
    completion_threshold: text(item.completionThreshold),
    scaled_passing_score: text(item.scaledPassingScore),
    max_time_allowed: item.maxTimeAllowed,
    time_limit_action: item.timeLimitAction || "continue,no message",
  };
}

// Fills the data model before the course starts. Each part is loaded by itself, so that one bad
// value, which the library answers with an exception, costs that part and not the session.
export function load(api, data) {
  for (const [name, value] of Object.entries(data)) {
    if (value === "") continue;
    const parts = name === "core" ? Object.entries(value) : [[null, value]];
    for (const [part, content] of parts) {
      if (content === "") continue;
      try {
        api.loadFromJSON(part === null ? { [name]: content } : { core: { [part]: content } }, "cmi");
      } catch (error) {
        console.warn(`The course's former ${part ?? name} could not be restored.`, error);
      }
    }
  }
}

// The time that a commit tells is the player's own, from the call of Initialize: content may claim any
// session time, at some commits and not at others. `total` is what the session began with; as SCORM
// has it, only the last commit of a session has added its own time to that.
export function timed(cmi, total, spent, final) {
  const write = cmi.core ? timespan : duration;
  const times = { session_time: write(spent), total_time: write(final ? total + spent : total) };
  return cmi.core ? { ...cmi, core: { ...cmi.core, ...times } } : { ...cmi, ...times };
}

// Seconds as SCORM 1.2 writes them, with all the digits that it allows.
export function timespan(seconds) {
  const hundredths = Math.round(seconds * 100);
  const digits = (value, count) => String(Math.floor(value)).padStart(count, "0");
  const [hours, minutes] = [hundredths / 360000, (hundredths / 6000) % 60];
  const rest = `${digits((hundredths / 100) % 60, 2)}.${digits(hundredths % 100, 2)}`;
  return `${digits(hours, 4)}:${digits(minutes, 2)}:${rest}`;
}

export const spentSince = (start) => (start === undefined ? 0 : (Date.now() - start) / 1000);

const duration = (seconds) => `PT${seconds.toFixed(2)}S`; // as SCORM 2004 writes it

// The word for an item's state in the table of contents, by its data.
export function stateOf(cmi) {
  if (!cmi) return "";
  const { success_status: success, completion_status: completion } = cmi;
  const status = cmi.core ? cmi.core.lesson_status : success !== "unknown" && success || completion;
  if (["passed", "failed", "completed"].includes(status)) return status;
  return "in progress";
}
