// SCORM 1.2: each item has an API object of its own, and the order is the learner's business.

import { Carrier, items, launchable, learnerDidIt, report, session } from "./session.js";
import { data12, load, spentSince, timed, timespan } from "./launchdata.js";

const CALLS = [
  "LMSInitialize", "LMSFinish", "LMSGetValue", "LMSSetValue", "LMSCommit",
  "LMSGetLastError", "LMSGetErrorString", "LMSGetDiagnostic",
];
const SILENT = 5; // the library's word for it; courses make many mistakes that harm nobody

export class Runtime12 {
  constructor(frame, view, left) {
    this.frame = frame;
    this.view = view;
    this.left = left; // called when the course itself ended the session
    this.stored = new Map(Object.entries(session.stored));
    this.totals = new Map(Object.entries(session.totals)); // seconds spent in each item
    this.item = null;
    this.total = 0; // the same of the open item, as it was when that was opened
    this.api = null;
    this.leaving = false;
    this.brokenOff = false; // the session that is ended now did not say goodbye itself
  }

  start() {
    for (const item of launchable) this.view.progress(item.id, this.stored.get(item.id));
    const named = items.get(session.start);
    this.open(named?.href ? named : this.firstUnfinished());
  }

  firstUnfinished() {
    const suspended = launchable.find((item) => {
      const core = this.stored.get(item.id)?.core;
      return core?.exit === "suspend" && !isDone(core.lesson_status);
    });
    const open = launchable.find((item) => !isDone(this.stored.get(item.id)?.core.lesson_status));
    return suspended ?? open ?? launchable[0];
  }

  open(item) {
    this.item = item;
    const api = new window.Scorm12API({
      autocommit: true,
      autocommitSeconds: 2,
      lmsCommitUrl: session.base,
      httpService: new Carrier((cmi, final) => this.store(item, cmi, final)),
      selfReportSessionTime: true,
      mastery_override: false, // SCORM Cloud's scoreOverridesStatus; the library's own is true
      logLevel: SILENT,
    });
    this.total = this.totals.get(item.id) ?? 0;
    load(api, data12(item, this.stored.get(item.id), session.learner, this.total));
    this.api = api;
    window.API = this.calls(api);
    this.frame.show(item); // only now: the course looks for its API as soon as it runs
    this.view.opened(item);
    this.offer();
  }

  // The functions a course sees. They are not the library's object itself, so that the player
  // learns when the course has finished on its own.
  calls(api) {
    const calls = Object.fromEntries(CALLS.map((name) => [name, api[name].bind(api)]));
    calls.LMSGetValue = (name) => {
      const value = api.LMSGetValue(name);
      const isTime = name === "cmi.core.total_time" && api.LMSGetLastError() === "0";
      return isTime ? timespan(this.total) : value;
    };
    calls.LMSFinish = (argument) => {
      const answer = api.LMSFinish(argument);
      const byItself = answer === "true" && !this.leaving && learnerDidIt();
      if (byItself) setTimeout(() => this.finished(api), 300);
      return answer;
    };
    return calls;
  }

  store(item, cmi, terminated) {
    const final = terminated && !this.brokenOff;
    const spent = spentSince(this.api.cmi.start_time);
    const data = timed(cmi, this.total, spent, final);
    this.totals.set(item.id, this.total + spent);
    this.stored.set(item.id, data);
    this.view.progress(item.id, data);
    return report({ item: item.id, cmi: data, final });
  }

  finished(api) {
    if (this.leaving || this.api !== api) return;
    if (launchable.length === 1) this.left();
    else this.closed();
  }

  closed() {
    this.frame.drop();
    this.view.notice("This part is closed. Choose the next one from the contents, or exit.");
  }

  async choose(id) {
    await this.close();
    this.open(items.get(id));
  }

  async go(way) {
    await this.choose(this.neighbour(way).id);
  }

  neighbour(way) {
    return launchable[launchable.indexOf(this.item) + (way === "continue" ? 1 : -1)];
  }

  offer() {
    this.view.offer({
      next: this.neighbour("continue") !== undefined,
      previous: this.neighbour("previous") !== undefined,
      choices: (id) => items.get(id).href !== null,
    });
  }

  async close() {
    this.leaving = true;
    await this.frame.clear();
    this.finish();
    this.leaving = false;
  }

  closeNow() {
    this.leaving = true;
    this.frame.drop();
    this.finish();
  }

  // For a course that did not say goodbye: what it reported is kept, and nothing is added to it.
  finish() {
    if (!this.api?.isInitialized()) return;
    this.brokenOff = true;
    this.api.LMSFinish("");
    this.brokenOff = false;
  }
}

const isDone = (status) => ["passed", "failed", "completed"].includes(status);
