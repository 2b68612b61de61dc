// SCORM 2004: one API object, whose sequencing engine decides which item is delivered.
//
// Every way out of an item is one navigation request. It is put to the engine before the content
// is unloaded, so that the content's own Terminate carries it out together with the item's rules;
// asking afterwards would navigate twice. Requests that content makes while it is being sent
// away are ignored for the same reason.

import { Carrier, items, launchable, learnerDidIt, report, session } from "./session.js";
import { data2004, load, spentSince, timed } from "./launchdata.js";

const CALLS = [
  "Initialize", "Terminate", "GetValue", "SetValue", "Commit",
  "GetLastError", "GetErrorString", "GetDiagnostic",
];
const SILENT = 5; // the library's word for it; courses make many mistakes that harm nobody
const SETTLING = 300; // ms after a call until the buttons are looked at again

export class Runtime2004 {
  constructor(frame, view, left) {
    this.frame = frame;
    this.view = view;
    this.left = left; // called when the course or its rules ended the session
    this.stored = new Map(Object.entries(session.stored));
    this.totals = new Map(Object.entries(session.totals)); // seconds spent in each item
    this.total = 0; // the same of the open item, as it was when that was opened
    this.item = null;
    this.turn = 0; // how many items were opened so far
    this.delivered = null; // the item that the engine wants shown next
    this.ended = false;
    this.leaving = null; // the request with which the present item is being sent away
    this.final = null; // the data of a Terminate that is being carried out
    this.brokenOff = null; // a Terminate of ours, as the course did not say goodbye: its own exit
    this.timer = null;
    this.validity = { continue: false, previous: false, choice: {} };
    this.api = this.connect();
  }

  connect() {
    const api = new window.Scorm2004API({
      autocommit: true,
      autocommitSeconds: 2,
      lmsCommitUrl: session.base,
      httpService: new Carrier((cmi, final) => this.store(cmi, final)),
      selfReportSessionTime: true,
      logLevel: SILENT,
      sequencing: {
        logLevel: "error",
        activityTree: session.tree,
        eventListeners: {
          onActivityDelivery: (activity) => this.deliverLater(activity.id),
          onSequencingSessionEnd: () => { this.ended = true; },
          onNavigationValidityUpdate: (validity) => { this.validity = validity; this.offerLater(); },
        },
      },
    });
    noScaling(api);
    window.API_1484_11 = this.calls(api);
    return api;
  }

  start() {
    const restored = this.restore();
    if (!restored && launchable.length > 1) this.forgetFinished();
    for (const item of launchable) this.view.progress(item.id, this.stored.get(item.id));
    const begun = [
      () => session.start && this.ask("choice", session.start),
      () => restored && this.ask("resumeAll"),
      () => restored && session.last && this.ask("choice", session.last),
      () => this.ask("start"),
      () => launchable.some((item) => this.ask("choice", item.id)),
    ].some((attempt) => attempt());
    if (!begun) this.stuck("Nothing in this course can be opened at present.");
  }

  // Puts the engine back to where the last session left it. A session that broke off left an
  // active item; that is ended or suspended now, by the data it had reported.
  restore() {
    if (!session.sequencing || !this.api.deserializeSequencingState(session.sequencing)) return false;
    const active = this.api.getSequencingState().currentActivity;
    if (active?.isActive) {
      const item = items.get(active.id);
      const former = this.stored.get(item.id);
      load(this.api, data2004(item, former, session.learner, this.totals.get(item.id) ?? 0));
      this.api.Initialize("");
      const ended = item.ended && former.exit !== "suspend";
      if (ended) this.api.processNavigationRequest("exit");
      this.api.processNavigationRequest("suspendAll");
      this.api.reset();
    }
    this.delivered = null;
    this.ended = false;
    return true;
  }

  // After the engine ended the last session the course begins anew, also for its items.
  forgetFinished() {
    for (const [id, cmi] of this.stored) {
      if (cmi.exit !== "suspend") this.stored.delete(id);
    }
  }

  ask(request, target) {
    return this.api.processNavigationRequest(request, target) && this.delivered !== null;
  }

  // Delivery is announced in the middle of the content's Terminate, so it has to wait a moment.
  deliverLater(id) {
    this.delivered = id;
    this.view.during(async () => {
      await new Promise((resolve) => setTimeout(resolve));
      await this.deliver();
    });
  }

  async deliver() {
    if (this.delivered === null) return;
    this.leaving = "deliver";
    await this.frame.clear();
    this.leaving = null;
    const item = items.get(this.delivered);
    this.delivered = null;
    this.ended = false;
    this.open(item);
  }

  open(item) {
    this.turn += 1;
    this.item = item;
    this.api.reset();
    this.total = this.totals.get(item.id) ?? 0;
    load(this.api, data2004(item, this.stored.get(item.id), session.learner, this.total));
    this.frame.show(item);
    this.view.opened(item);
    report({ sequencing: this.api.serializeSequencingState(), suspended: item.id });
    this.offer();
  }

  // The functions a course sees; see the note on navigation at the top.
  calls(api) {
    const calls = Object.fromEntries(CALLS.map((name) => [name, api[name].bind(api)]));
    calls.SetValue = (name, value) => {
      if (this.leaving && name === "adl.nav.request") return "true";
      this.offerLater();
      return api.SetValue(name, value);
    };
    calls.Terminate = (argument) => this.terminate(argument);
    return calls;
  }

  // An item that does not ask to be suspended has ended; only then the course is suspended.
  terminate(argument) {
    const suspends = this.api.cmi.getExitValueInternal() === "suspend";
    if (this.leaving === "suspendAll" && !suspends) this.put("_none_");
    const answer = this.api.Terminate(argument);
    if (this.final === null) return answer;
    const kept = this.reportEnd({ item: this.item.id, cmi: this.final, final: this.brokenOff === null });
    this.final = null;
    const byItself = !this.leaving && (this.ended || learnerDidIt());
    if (byItself) setTimeout((turn) => this.terminated(turn), SETTLING, this.turn);
    return kept ? answer : "false";
  }

  store(cmi, terminated) {
    const spent = spentSince(this.api.cmi.start_time);
    const own = this.brokenOff === null ? cmi : { ...cmi, exit: this.brokenOff };
    const data = timed(own, this.total, spent, terminated && this.brokenOff === null);
    this.totals.set(this.item.id, this.total + spent);
    this.stored.set(this.item.id, data);
    this.view.progress(this.item.id, data);
    if (!terminated) return report({ item: this.item.id, cmi: data, final: false });
    this.final = data; // sent when the engine has rolled it up, see terminate()
    return true;
  }

  // The last word of an item or of the session, with the course's status and where to resume.
  reportEnd(body) {
    const state = this.isOver()
      ? { sequencing: null, suspended: null }
      : { sequencing: this.api.serializeSequencingState(), suspended: this.item?.id };
    return report({ ...body, root: this.root(), ...state });
  }

  isOver() {
    return this.ended && !this.suspended();
  }

  suspended() {
    return this.api._sequencing.activityTree.suspendedActivity;
  }

  // The status of the whole course as the engine rolled it up; unknown parts are left out.
  root() {
    const root = this.api.getSequencingState().rootActivity;
    const known = root.objectiveSatisfiedStatusKnown;
    const completion = root.completionStatus;
    return {
      completion: completion === "unknown" ? null : completion.toUpperCase(),
      success: known ? (root.objectiveSatisfiedStatus ? "PASSED" : "FAILED") : null,
      score: isScored(root) ? root.objectiveNormalizedMeasure * 100 : null,
    };
  }

  // The course terminated by itself, without being sent away.
  terminated(turn) {
    if (this.leaving || this.delivered !== null || this.turn !== turn) return;
    if (this.ended || launchable.length === 1) this.left();
    else this.stuck("This part is closed. Choose the next one from the contents, or exit.");
  }

  stuck(text) {
    this.frame.drop();
    this.view.notice(text);
    this.offer();
  }

  choose(id) {
    return this.depart("choice", id);
  }

  go(way) {
    return this.depart(way);
  }

  // Sends the present item away with one navigation request.
  async depart(request, target) {
    this.prepare(request, target);
    await this.frame.clear();
    this.conclude(request, target);
    if (this.delivered !== null || request === "suspendAll") return;
    if (this.ended) this.left();
    else this.stuck("There is nothing more to open this way. Use the contents, or exit.");
  }

  prepare(request, target) {
    this.leaving = request;
    this.live = this.api.isInitialized();
    if (this.live) this.put(request, target);
  }

  put(request, target) {
    this.api.adl.nav.request = target === undefined ? request : `{target=${target}}${request}`;
  }

  conclude(request, target) {
    const suspending = request === "suspendAll";
    if (this.api.isInitialized()) {
      if (suspending) this.breakOff();
      this.terminate("");
      this.brokenOff = null;
    }
    if (!this.live || (suspending && !this.ended)) this.askAndReport(request, target);
    if (suspending) this.delivered = null;
    this.leaving = null;
  }

  // The attempt has not ended, so the engine suspends it; what content asked for is kept as it was.
  breakOff() {
    this.brokenOff = this.api.cmi.getExitValueInternal();
    this.api.SetValue("cmi.exit", "suspend");
  }

  askAndReport(request, target) {
    this.api.processNavigationRequest(request, target);
    if (this.delivered === null || request === "suspendAll") this.reportEnd({});
  }

  close() {
    return this.depart("suspendAll");
  }

  closeNow() {
    this.prepare("suspendAll");
    this.frame.drop();
    this.conclude("suspendAll");
  }

  offerLater() {
    this.timer ??= setTimeout(() => this.offer(), SETTLING);
  }

  // What could be opened if the item ended now counts as well as what can be opened already.
  offer() {
    clearTimeout(this.timer);
    this.timer = null;
    const able = (way) =>
      this.validity[way] || this.api.previewNavigationRequest(way).outcome === "allowed";
    this.view.hide(this.validity.hideLmsUi ?? []);
    this.view.offer({
      next: able("continue"),
      previous: able("previous"),
      choices: (id) => this.validity.choice[id] === "true",
    });
  }
}

// The library makes a measure of a raw score within its minimum and maximum. SCORM Cloud does not,
// unless its setting scaleRawScore is on, which it is not by default.
function noScaling(api) {
  const { _rteDataTransferService: service } = api._sequencing.overallSequencingProcess.terminationHandler;
  Object.getPrototypeOf(service).normalizeScore = ({ scaled }) => {
    const measure = parseFloat(scaled);
    return Number.isNaN(measure) ? null : measure;
  };
}

// Where no part counts towards the measure, the library says 0 and the standard says nothing.
function isScored(root) {
  const counts = (part) => part.sequencingControls.objectiveMeasureWeight > 0;
  return root.objectiveMeasureStatus && root.children.some(counts);
}
