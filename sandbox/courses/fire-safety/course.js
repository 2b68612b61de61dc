// Turning the pages, the bookmark, and reporting the quiz. The bookmark is the page number; the
// suspend data holds the quiz answers given so far.

const pages = [...document.querySelectorAll(".page")];
const QUIZ = pages.length - 2;
const RESULT = pages.length - 1;
const find = (id) => document.getElementById(id);

let current = 0;

function begin() {
  const status = lms.get("cmi.core.lesson_status");
  if (status === "not attempted" || status === "") lms.set("cmi.core.lesson_status", "incomplete");
  try {
    quiz.fill(JSON.parse(lms.get("cmi.suspend_data") || "[]"));
  } catch {
    // Another version of the course wrote it; the learner just answers again.
  }
  const bookmark = Number(lms.get("cmi.core.lesson_location")) || 0;
  const answered = quiz.answers().every((answer) => answer !== null);
  show(Math.min(Math.max(bookmark, 0), answered ? RESULT : QUIZ));
}

function show(number) {
  current = number;
  pages.forEach((page, place) => { page.hidden = place !== number; });
  if (number === RESULT) drawResult();
  find("back").disabled = number === 0;
  find("next").hidden = number === RESULT;
  find("next").textContent = number === QUIZ ? "Check my answers" : "Next";
  find("place").textContent = `Page ${number + 1} of ${pages.length}`;
  find("progress").value = number / RESULT;
  find("pages").focus();
  scrollTo(0, 0);
  remember();
}

function remember() {
  lms.set("cmi.core.lesson_location", current);
  lms.set("cmi.suspend_data", JSON.stringify(quiz.answers()));
  lms.commit();
}

function next() {
  if (current === QUIZ) {
    if (!quiz.isComplete()) return;
    reportQuiz();
  }
  show(current + 1);
}

function reportQuiz() {
  const answers = quiz.answers();
  const score = quiz.score(answers);
  lms.set("cmi.core.score.min", 0);
  lms.set("cmi.core.score.max", 100);
  lms.set("cmi.core.score.raw", score);
  lms.set("cmi.core.lesson_status", score >= PASS_AT ? "passed" : "failed");
  const first = Number(lms.get("cmi.interactions._count")) || 0;
  answers.forEach((answer, number) => reportAnswer(first + number, number, answer));
}

function reportAnswer(entry, number, answer) {
  const letter = (value) => "abc"[value];
  const right = QUESTIONS[number].right;
  lms.set(`cmi.interactions.${entry}.id`, `question-${number + 1}`);
  lms.set(`cmi.interactions.${entry}.type`, "choice");
  lms.set(`cmi.interactions.${entry}.correct_responses.0.pattern`, letter(right));
  lms.set(`cmi.interactions.${entry}.student_response`, letter(answer));
  lms.set(`cmi.interactions.${entry}.result`, answer === right ? "correct" : "wrong");
}

function drawResult() {
  const answers = quiz.answers();
  const score = quiz.score(answers);
  find("verdict").textContent = score >= PASS_AT
    ? `${score} %. Well done, you have passed.`
    : `${score} %. You need ${PASS_AT} % to pass. Read the pages again and have another try.`;
  find("review").replaceChildren(...QUESTIONS.map(({ text, answers: choices, right }, number) => {
    const line = document.createElement("li");
    line.className = answers[number] === right ? "right" : "wrong";
    line.textContent = `${answers[number] === right ? "Right" : "Wrong"}: ${text} ${choices[right]}.`;
    return line;
  }));
  find("again").hidden = score >= PASS_AT;
}

find("next").addEventListener("click", next);
find("back").addEventListener("click", () => show(current - 1));
find("quiz").addEventListener("submit", (event) => event.preventDefault());
find("quiz").addEventListener("change", remember);
find("again").addEventListener("click", () => {
  quiz.clear();
  show(QUIZ);
});
find("finish").addEventListener("click", () => {
  lms.finish("");
  find("verdict").textContent = "Your result has been saved. You can close the course now.";
});
addEventListener("pagehide", () => lms.finish("suspend"));

begin();
