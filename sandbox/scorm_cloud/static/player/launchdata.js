// What a course finds in its data model when it starts: pure functions of the manifest's item, of
// what the last session left, and of the learner.
//
// Only an attempt that was suspended goes on with its bookmark and suspend data. A new attempt at
// the same item starts without them but keeps what was achieved.

const text = (value) => (value === null || value === undefined ? "" : String(value));

function kept(former, names) {
  const known = names.filter((name) => former[name] !== undefined && former[name] !== null);
  return Object.fromEntries(known.map((name) => [name, former[name]]));
}

export function data12(item, stored, learner) {
  const former = stored?.core ?? {};
  const resumed = former.exit === "suspend";
  const core = {
    ...kept(former, ["lesson_status", "score", "total_time"]),
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

export function data2004(item, stored, learner) {
  const former = stored ?? {};
  const resumed = former.exit === "suspend";
  const achieved = ["completion_status", "success_status", "score", "progress_measure"];
  const lasting = [
    "location", "suspend_data", "objectives", "interactions", "comments_from_learner",
    "learner_preference", "total_time", ...achieved,
  ];
  const names = resumed ? lasting : ["learner_preference", "total_time", ...achieved];
  return {
    ...kept(former, names),
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

// A session that breaks off without a word is to be resumed, so it counts as suspended meanwhile.
export function asSuspended(cmi) {
  if (cmi.core) return { ...cmi, core: { ...cmi.core, exit: cmi.core.exit || "suspend" } };
  return { ...cmi, exit: cmi.exit || "suspend" };
}

// The word for an item's state in the table of contents, by its data.
export function stateOf(cmi) {
  if (!cmi) return "";
  const { success_status: success, completion_status: completion } = cmi;
  const status = cmi.core ? cmi.core.lesson_status : success !== "unknown" && success || completion;
  if (["passed", "failed", "completed"].includes(status)) return status;
  return "in progress";
}
