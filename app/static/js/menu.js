// Menus are details elements and work without this file; here they close when the work is elsewhere,
// and lie inside the window wherever their button stands.

const EDGE = 8;

function closeMenus(except) {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });
}

const between = (least, wanted, most) => Math.max(least, Math.min(wanted, most));

// A table scrolls sideways and would cut the list off: place it by the window instead.
function place(menu) {
  const list = menu.querySelector(".menu-list");
  const button = menu.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  list.style.position = "fixed";
  list.style.right = "auto";
  list.style.left = `${between(EDGE, button.right - list.offsetWidth, clientWidth - list.offsetWidth - EDGE)}px`;
  const below = button.bottom + list.offsetHeight < clientHeight;
  const top = below ? button.bottom : button.top - list.offsetHeight;
  list.style.top = `${between(EDGE, top, clientHeight - list.offsetHeight - EDGE)}px`;
}

document.addEventListener("toggle", (event) => {
  if (event.target.matches("details.menu[open]")) place(event.target);
}, true);

for (const moment of ["scroll", "resize"]) {
  window.addEventListener(moment, () => {
    document.querySelectorAll("details.menu[open]").forEach(place);
  }, { capture: true, passive: true });
}

document.addEventListener("click", (event) => {
  const menu = event.target.closest("details.menu");
  const chosen = menu && event.target.closest(".menu-list");
  closeMenus(chosen ? null : menu);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !document.querySelector("details.menu[open]")) return;
  const menu = document.activeElement?.closest("details.menu[open]");
  event.preventDefault(); // a toast stays for the next one
  closeMenus(null);
  menu?.querySelector("summary").focus();
});

document.addEventListener("focusin", (event) => closeMenus(event.target.closest("details.menu")));

// On a phone the strip of settings groups scrolls sideways: show the current one.
function showCurrentGroup() {
  const current = document.querySelector(".side-strip [aria-current]");
  const strip = current?.closest(".side-strip");
  if (strip) strip.scrollLeft = current.offsetLeft - (strip.clientWidth - current.offsetWidth) / 2;
}

document.addEventListener("htmx:load", (event) => {
  if (event.target.querySelector?.(".side-strip")) showCurrentGroup();
});
showCurrentGroup();
