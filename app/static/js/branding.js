// The certificate's preview follows what is typed in the branding form. The colour of text is darkened
// until it can be read on white, by the same rule as on the server (accounts/brand.py).

const READABLE = 4.5;

function parts(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

function luminance(rgb) {
  const [red, green, blue] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function readableOnWhite(colour) {
  let rgb = parts(colour);
  while (1.05 / (luminance(rgb) + 0.05) < READABLE) rgb = rgb.map((part) => Math.trunc(part * 0.94));
  return `rgb(${rgb.join(" ")})`;
}

document.addEventListener("input", ({ target }) => {
  const preview = document.getElementById("certificate-preview");
  if (!preview || !target.dataset.preview) return;
  if (target.dataset.preview === "name") {
    preview.querySelector("[data-text=name]").textContent = target.value || target.placeholder;
    return;
  }
  if (!/^#[0-9a-f]{6}$/i.test(target.value)) return;
  preview.querySelectorAll("[data-fill=colour]").forEach((shape) => shape.setAttribute("fill", target.value));
  preview.querySelectorAll("[data-fill=ink]").forEach((text) => text.setAttribute("fill", readableOnWhite(target.value)));
});
