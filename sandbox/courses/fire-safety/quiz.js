// The questions, and how they are asked and marked. `right` is the number of the right answer.

const PASS_AT = 80; // per cent

const QUESTIONS = [
  {
    text: "You see flames in the copy room. What do you do first?",
    answers: ["Look for an extinguisher", "Raise the alarm", "Collect your coat"],
    right: 1,
  },
  {
    text: "Why do you close doors when you leave?",
    answers: ["They hold back smoke", "So that nobody can follow", "To keep the room warm"],
    right: 0,
  },
  {
    text: "A pan of oil is on fire. What do you never use?",
    answers: ["A fire blanket", "A wet chemical extinguisher", "Water"],
    right: 2,
  },
  {
    text: "A printer is burning. Which extinguisher is right?",
    answers: ["Foam", "CO₂", "Water"],
    right: 1,
  },
  {
    text: "A corridor is full of smoke. How do you move?",
    answers: ["Low, near the floor", "Upright and fast", "You wait for the lift"],
    right: 0,
  },
];

const quiz = {
  form: document.getElementById("quiz"),

  draw() {
    this.form.append(...QUESTIONS.map(question));
  },

  // One entry per question: the number of the chosen answer, or null.
  answers() {
    return QUESTIONS.map((_, number) => {
      const chosen = this.form.querySelector(`[name="q${number}"]:checked`);
      return chosen === null ? null : Number(chosen.value);
    });
  },

  fill(answers) {
    answers.forEach((answer, number) => {
      const choice = this.form.querySelector(`[name="q${number}"][value="${answer}"]`);
      if (choice !== null) choice.checked = true;
    });
  },

  clear() {
    this.form.reset();
  },

  // Marks what is not answered yet and goes to the first of it; true when nothing is missing.
  isComplete() {
    const fields = [...this.form.querySelectorAll("fieldset")];
    const missing = fields.filter((_, number) => this.answers()[number] === null);
    for (const field of fields) field.classList.toggle("missing", missing.includes(field));
    missing[0]?.querySelector("input").focus();
    return missing.length === 0;
  },

  score(answers) {
    const right = answers.filter((answer, number) => answer === QUESTIONS[number].right).length;
    return Math.round((right / QUESTIONS.length) * 100);
  },
};

function question({ text, answers }, number) {
  const field = document.createElement("fieldset");
  const legend = document.createElement("legend");
  legend.textContent = `${number + 1}. ${text}`;
  field.append(legend, ...answers.map((answer, value) => choice(number, value, answer)));
  return field;
}

function choice(number, value, text) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.type = "radio";
  input.name = `q${number}`;
  input.value = value;
  label.append(input, text);
  return label;
}

quiz.draw();
