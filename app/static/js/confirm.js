// Questions before something is done that cannot be taken back, asked in our own dialog (a frame may
// not open the browser's). The macro question() puts them on an element with hx-confirm, or on a form or
// button with data-confirm: the act, its effect, the words of the button.
// The same dialog shape serves others: data-open="#id" opens one, data-close closes it.

function ask(question, element) {
  const dialog = document.getElementById("confirm");
  const yes = dialog.querySelector("#confirm-yes");
  const { confirmTitle, confirmYes, confirmDanger } = element.dataset;
  dialog.querySelector("#confirm-title").textContent = confirmTitle;
  dialog.querySelector("#confirm-text").textContent = question;
  yes.textContent = confirmYes;
  yes.classList.toggle("danger", confirmDanger !== undefined);
  yes.classList.toggle("primary", confirmDanger === undefined);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

document.addEventListener("htmx:confirm", async (event) => {
  const { question, elt, issueRequest } = event.detail;
  if (!question) return;
  event.preventDefault();
  if (await ask(question, elt)) issueRequest(true);
});

const confirmed = new WeakSet();

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const { submitter } = event;
  const asking = submitter?.dataset.confirm ? submitter : form;
  if (!asking.dataset.confirm) return;
  if (confirmed.delete(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (await ask(asking.dataset.confirm, asking)) {
    confirmed.add(form);
    form.requestSubmit(submitter);
  }
}, true);

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  if (opener) document.querySelector(opener.dataset.open)?.showModal();
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  // The dialog itself is hit only where its backdrop shows: its content fills it.
  if (event.target.matches("dialog.dialog")) event.target.close("no");
});
