// Menus are details elements and work without this file; here they close when the work is elsewhere.
// Also here: words for screen readers that have no other place ("Copied").

function closeMenus(except) {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (menu !== except) menu.open = false;
  });
}

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

document.addEventListener("announce", (event) => {
  const place = document.getElementById("announcements");
  if (!place) return;
  place.textContent = "";
  setTimeout(() => { place.textContent = event.detail; }, 50);
});
