// The certificate's preview follows what is typed in the branding form. Which colours can be read is
// worked out by the same rules as on the server (accounts/brand.py).

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

function contrast(one, other) {
  const [lighter, darker] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

function readableOnWhite(rgb) {
  while (contrast(rgb, parts("#ffffff")) < READABLE) rgb = rgb.map((part) => Math.trunc(part * 0.94));
  return `rgb(${rgb.join(" ")})`;
}

function textOn(rgb) {
  const [dark, light] = ["#111111", "#ffffff"];
  return contrast(parts(dark), rgb) >= contrast(parts(light), rgb) ? dark : light;
}

function paint(preview, colour) {
  const rgb = parts(colour);
  const shades = { colour, ink: readableOnWhite(rgb), onColour: textOn(rgb) };
  for (const shape of preview.querySelectorAll("[data-brand]")) {
    const [attribute, shade] = shape.dataset.brand.split(":");
    shape.setAttribute(attribute, shades[shade]);
  }
}

// As on paper (fitting_size in pdf.py): on one line where that needs no more than a third off, else on
// four lines at most, with no word cut.
function fits(text, size, largest) {
  if (text.scrollWidth > text.clientWidth) return false;
  const lines = Math.round(text.offsetHeight / (size * 1.3));
  return lines <= 1 ? size >= largest * 0.66 : lines <= 4 && size < largest * 0.8;
}

function write(preview, name) {
  const text = preview.querySelector("[data-text=name]");
  const room = text.parentElement;
  const [largest, smallest] = [room.dataset.largest, room.dataset.smallest].map(Number);
  text.textContent = name;
  let size = largest;
  room.setAttribute("font-size", size);
  while (size > smallest && !fits(text, size, largest)) room.setAttribute("font-size", (size -= 0.5));
}

document.addEventListener("input", ({ target }) => {
  const preview = document.getElementById("certificate-preview");
  if (!preview || !target.dataset.preview) return;
  if (target.dataset.preview === "name") write(preview, target.value || target.placeholder);
  else if (/^#[0-9a-f]{6}$/i.test(target.value)) paint(preview, target.value);
});
