// A lesson is completed when every point of its list has been ticked. The ticks are the suspend
// data, and their share is the progress measure.

const boxes = [...document.querySelectorAll(".points input")];
const on = document.getElementById("on");

function begin() {
  if (lms.get("cmi.completion_status") === "unknown") {
    lms.set("cmi.completion_status", "incomplete");
  }
  const done = lms.get("cmi.completion_status") === "completed";
  const ticks = lms.get("cmi.suspend_data");
  boxes.forEach((box, place) => { box.checked = done || ticks[place] === "1"; });
  draw();
  lms.commit();
}

function share() {
  return boxes.filter((box) => box.checked).length / boxes.length;
}

function ticked() {
  lms.set("cmi.suspend_data", boxes.map((box) => (box.checked ? "1" : "0")).join(""));
  lms.set("cmi.progress_measure", share().toFixed(2));
  if (share() === 1) lms.set("cmi.completion_status", "completed");
  lms.commit();
  draw();
}

function draw() {
  on.disabled = share() < 1;
  document.getElementById("left").textContent = share() < 1
    ? `${boxes.filter((box) => !box.checked).length} of ${boxes.length} points to go`
    : "All done";
}

for (const box of boxes) box.addEventListener("change", ticked);
on.addEventListener("click", () => lms.terminate("normal", "continue"));

begin();
