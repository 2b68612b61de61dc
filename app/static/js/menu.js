// Menus are details elements and work without this file; here they close when the work is elsewhere.

function closeMenus(except) {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });
}

// A table scrolls sideways and would cut the list off: place it by the window instead.
function place(menu) {
  const list = menu.querySelector(".menu-list");
  const button = menu.getBoundingClientRect();
  list.style.position = "fixed";
  list.style.right = `${document.documentElement.clientWidth - button.right}px`;
  const fitsBelow = button.bottom + list.offsetHeight < window.innerHeight;
  list.style.top = fitsBelow ? `${button.bottom}px` : `${button.top - list.offsetHeight}px`;
}

document.addEventListener("toggle", (event) => {
  if (event.target.matches("details.menu[open]")) place(event.target);
}, true);

document.addEventListener("scroll", () => {
  document.querySelectorAll("details.menu[open]").forEach(place);
}, { capture: true, passive: true });

document.addEventListener("click", (event) => {
  const menu = event.target.closest("details.menu");
  const chosen = menu && event.target.closest(".menu-list");
  closeMenus(chosen ? null : menu);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest("details.menu[open]");
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
