// A color picker and the field for its code say the same, whichever of the two is used:
//   <input type="color" data-picks="#field">. The field is what the form sends.
// A file that is too large is refused before it is sent:
//   <input type="file" data-largest="2097152" data-too-large="The logo is larger than 2 MB.">

const CODE = /^#[0-9a-f]{6}$/i;

document.addEventListener("input", ({ target }) => {
  if (target.dataset.picks) {
    const field = document.querySelector(target.dataset.picks);
    field.value = target.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return;
  }
  const picker = target.id && document.querySelector(`[data-picks="#${CSS.escape(target.id)}"]`);
  if (picker && CODE.test(target.value.trim())) picker.value = target.value.trim().toLowerCase();
});

document.addEventListener("change", (event) => {
  const { target } = event;
  if (!target.dataset.largest) return;
  const tooLarge = (target.files[0]?.size ?? 0) > Number(target.dataset.largest);
  target.setCustomValidity(tooLarge ? target.dataset.tooLarge : "");
  if (!tooLarge) return;
  event.stopImmediatePropagation(); // no preview of it
  target.reportValidity();
}, true);
