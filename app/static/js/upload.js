// The upload area of the Courses page: a true progress bar, cancel, retry, and a warning when leaving.
// The package goes straight to storage, to an address signed for this one file; the hub is asked for
// that address first and told afterwards, both by htmx, so that every session works the same. Another
// page of ours may be opened meanwhile: the upload goes on, and is seen again on the Courses page.

import { announce } from "./announce.js";

const SAID_EVERY = 25; // percent

const area = () => document.getElementById("upload"); // null on every other page
let request = null; // the running upload
let share = 0; // of it, from 0 to 1
let said = 0; // the percentage that was announced last
let chosen = null; // the file, kept for a retry

const part = (name) => area()?.querySelector(name);

function write(name, words) {
  const place = part(name);
  if (place) place.textContent = words;
}

function state(name) {
  for (const element of area()?.querySelectorAll("[data-state]") ?? []) {
    element.hidden = element.dataset.state !== name;
  }
}

function fail(sentence) {
  request = null;
  state("failed");
  write("[data-upload-problem]", sentence);
  if (area()) {
    announce(sentence, true);
    return;
  }
  const text = `${chosen.name} was not uploaded. ${sentence}`;
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "bad" } }));
}

const megabytes = (bytes) => (Math.round((bytes / 1048576) * 10) / 10).toLocaleString("en");

// As the server puts it: in bytes where MB would not tell the file from the limit.
function inWords(bytes, largest) {
  if (megabytes(bytes) !== megabytes(largest)) return `${megabytes(bytes)} MB`;
  const more = bytes - largest;
  return `${bytes.toLocaleString("en")} bytes, ${more.toLocaleString("en")} ${more === 1 ? "byte" : "bytes"} too many`;
}

function problemWith(files) {
  const { largest, support } = area().dataset;
  if (files.length !== 1) return "Please drop one .zip file at a time. A folder has to be zipped first.";
  const [file] = files;
  if (!file.name.toLowerCase().endsWith(".zip")) return "Please choose a .zip file: a SCORM 1.2 or SCORM 2004 package.";
  if (file.size === 0) return "The file is empty, or it is a folder. Please choose a SCORM .zip package.";
  if (file.size > Number(largest)) {
    return `The file has ${inWords(file.size, largest)}; the limit is ${megabytes(largest)} MB per package. `
      + `For larger packages please contact ${support}.`;
  }
  return null;
}

// Asks the hub by htmx, so that the session's own headers travel along; gives the answered JSON.
function ask(path, values) {
  return new Promise((resolve, reject) => {
    const source = area() ?? document.body;
    const answered = (event) => {
      const { xhr, successful, pathInfo, comesAgain } = event.detail;
      if (comesAgain) return; // the session had to be renewed first
      if (pathInfo.requestPath !== path) return; // the file before is being reported still
      source.removeEventListener("htmx:afterRequest", answered);
      if (successful) resolve(JSON.parse(xhr.responseText));
      else reject(new Error(sentenceOf(xhr)));
    };
    source.addEventListener("htmx:afterRequest", answered);
    window.htmx.ajax("POST", path, { source, values, swap: "none", headers: { Accept: "application/json" } });
  });
}

function sentenceOf(xhr) {
  try {
    return JSON.parse(xhr.responseText).error;
  } catch {
    return "The upload could not be started. Please try again.";
  }
}

function send(file, target) {
  return new Promise((resolve, reject) => {
    request = new XMLHttpRequest();
    request.open(target.method, target.url);
    request.setRequestHeader("Accept", "application/json"); // a refusal brings its sentence
    request.upload.onprogress = ({ loaded, total }) => showShare(loaded / total);
    request.onload = () => (request.status < 300 ? resolve() : reject(new Error(sentenceOf(request))));
    request.onerror = () => reject(new Error("The connection broke off during the upload. Please try again."));
    request.onabort = () => reject(null);
    request.send(target.method === "POST" ? formOf(file, target.fields) : file);
  });
}

function formOf(file, fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file);
  return form;
}

function showShare(arrived) {
  share = arrived;
  const percent = Math.floor(share * 100);
  if (percent >= said + SAID_EVERY && percent < 100) {
    said = percent - (percent % SAID_EVERY);
    announce(`${said} percent uploaded.`);
  }
  part("progress")?.setAttribute("value", percent);
  write("[data-upload-share]", `${percent} %`);
}

function showSending() {
  write("[data-upload-name]", chosen.name);
  showShare(share);
  state("sending");
}

// Where the list is not on the screen, nothing is put there.
function finish(path) {
  const list = area() && { source: area(), target: "#course-list", swap: "outerHTML" };
  return window.htmx.ajax("POST", path, list ?? { source: "#toasts", swap: "none" });
}

async function upload(files) {
  if (request || !area()?.querySelector("#upload-file")) return;
  const problem = problemWith(files);
  if (problem) return fail(problem);
  [chosen] = files;
  share = said = 0;
  showSending();
  announce(`${chosen.name} is being uploaded.`);
  try {
    const target = await ask(area().dataset.begin, { filename: chosen.name, size: chosen.size });
    await send(chosen, target);
    request = null;
    state(null);
    announce(`${chosen.name} is uploaded. SCORM Cloud imports it now.`);
    await finish(target.finish);
  } catch (error) {
    request = null;
    if (error) fail(error.message);
    else {
      state(null);
      announce("The upload was cancelled.");
    }
  } finally {
    const input = part("#upload-file");
    if (input) input.value = "";
  }
}

// Back on the Courses page while the upload still runs.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (request && area() && detail.target.contains(area())) showSending();
});

document.addEventListener("change", (event) => {
  if (event.target.id === "upload-file" && event.target.files.length) upload([...event.target.files]);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-upload-cancel]")) request?.abort();
  if (event.target.closest("[data-upload-retry]") && chosen) upload([chosen]);
});

const carriesFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");

for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const here = event.target.closest?.("#upload");
    if (!carriesFiles(event)) return;
    event.preventDefault(); // a file dropped beside the area must not replace the page
    here?.classList.toggle("is-over", kind === "dragover");
    if (kind === "drop" && here) upload([...event.dataTransfer.files]);
  });
}

window.addEventListener("beforeunload", (event) => {
  if (request) event.preventDefault();
});
