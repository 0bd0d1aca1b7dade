// A menu that opens from a button: arrow keys move, Escape and a click elsewhere close it.

import { el } from "./dom.js";

let open = null;

/**
 * Open a menu under a button, or close the one that is open there.
 * items: [{label, hint, danger, act()}].
 */
export function toggleMenu(button, label, items) {
  const again = open?.button === button;
  closeMenu();
  if (again) return;
  const menu = el("div", { class: "menu-list", role: "menu", "aria-label": label },
    ...items.map((item) => el("button", {
      type: "button", role: "menuitem", tabindex: "-1", class: item.danger ? "danger-text" : "",
      onclick: () => { closeMenu(); item.act(); },
    }, el("span", {}, item.label), item.hint ? el("small", {}, item.hint) : null)));
  menu.addEventListener("keydown", move);
  (button.closest("dialog") ?? document.body).append(menu);
  place(menu, button);
  button.setAttribute("aria-expanded", "true");
  open = { button, menu };
  menu.firstElementChild.focus();
}

/** Close the menu that is open, if any, and go back to its button. */
export function closeMenu() {
  if (!open) return;
  const { button, menu } = open;
  open = null;
  const inside = menu.contains(document.activeElement);
  menu.remove();
  button.setAttribute("aria-expanded", "false");
  if (inside) button.focus();
}

function place(menu, button) {
  const at = button.getBoundingClientRect();
  const left = Math.min(at.left, innerWidth - menu.offsetWidth - 8);
  const below = at.bottom + 4 + menu.offsetHeight < innerHeight;
  menu.style.left = `${Math.max(8, left)}px`;
  menu.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - 4 - menu.offsetHeight)}px`;
}

function move(event) {
  const items = [...event.currentTarget.children];
  const at = items.indexOf(document.activeElement);
  const next = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  }[event.key];
  if (next !== undefined) {
    event.preventDefault();
    items[next].focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    closeMenu();
  }
}

document.addEventListener("pointerdown", (event) => {
  if (open && !open.menu.contains(event.target) && !open.button.contains(event.target)) closeMenu();
});
addEventListener("resize", closeMenu);
