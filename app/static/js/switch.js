// Switches save themselves when they are moved (templates/components/forms.html). Enter moves one, too,
// instead of sending its form; one that could not be saved shows again what is saved.

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[role=switch]")) return;
  event.preventDefault();
  event.target.click();
});

for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, ({ detail }) => {
    if (detail.elt.matches("form.switch")) detail.elt.reset();
  });
}
