// Dialogs: the app's modals, one on top of another, and the questions the page asks itself.

import { renderBlock } from "./blocks.js";
import { el, icon } from "./dom.js";
import { Form, renderText } from "./elements.js";
import { send, valueOf } from "./sending.js";
import { listChannels, listPeople, names, state } from "./state.js";

const byId = (id) => document.getElementById(id);
const forms = new Map();
const memory = new Map();
let drawn = "";

/** Ask before something is done; resolves to the answer: whether, or the text that was written. */
export function ask({ title, text, confirm, deny, style, field }) {
  const dialog = byId("question");
  const written = field === undefined ? null : el("input", { class: "control", value: field, "aria-label": title.text });
  dialog.replaceChildren(el("form", { method: "dialog" },
    el("h2", { id: "question-title" }, title.text),
    text ? el("p", {}, ...renderText(text, names)) : null,
    written,
    el("div", { class: "block-actions end" },
      el("button", { type: "button", class: "button", onclick: () => dialog.close("no") }, deny.text),
      el("button", { class: `button ${style ?? "primary"}`, value: "yes" }, confirm.text))));
  return new Promise((resolve) => {
    dialog.onclose = () => {
      const yes = dialog.returnValue === "yes";
      resolve(written ? yes && written.value.trim() : yes);
    };
    dialog.returnValue = "no";
    dialog.showModal();
    written?.select();
  });
}

/** Show the modal on top of the person's stack, or none. What was written in it stays. */
export function drawModals() {
  const dialog = byId("dialog");
  const view = state.modals.at(-1);
  const version = view ? `${view.id}/${view.hash}` : "";
  if (version === drawn) return;
  drawn = version;
  for (const id of forms.keys()) if (!state.modals.some((each) => each.id === id)) forms.delete(id);
  if (!view) {
    dialog.close();
    return;
  }
  show(view);
  if (!dialog.open) dialog.showModal();
  focusFirst(dialog);
}

function show(view, errors = {}) {
  const form = forms.get(view.id) ?? new Form();
  forms.set(view.id, form);
  const context = {
    names, form, memory, errors, channel: state.channel,
    channels: listChannels, people: listPeople,
    file: () => null,
    async act(block, part, fields, node) {
      if (part.confirm && !(await ask(part.confirm))) return false;
      if (part.url) window.open(part.url, "_blank", "noopener");
      node.classList.add("pressed");
      const answer = await send("press", {
        view: "modal", action_id: part.action_id, value: valueOf(fields), values: form.values,
      });
      node.classList.remove("pressed");
      return Boolean(answer);
    },
  };
  const stacked = state.modals.length > 1;
  byId("dialog").replaceChildren(
    el("header", { class: "modal-head" },
      el("h2", { id: "dialog-title" }, view.title?.text ?? ""),
      el("button", {
        type: "button", class: "icon-button", "aria-label": "Close", onclick: () => close(true),
      }, icon("close"))),
    el("form", {
      class: "modal-form", novalidate: true, autocomplete: "off",
      onsubmit: (event) => { event.preventDefault(); submit(view, form); },
    },
    el("div", { class: "modal-body" },
      ...view.blocks.map((block, index) => renderBlock(block, context, `${view.id}.${index}`))),
    el("footer", { class: "block-actions end modal-foot" },
      el("button", { type: "button", class: "button", onclick: () => close(false) },
        view.close?.text ?? (stacked ? "Back" : view.submit ? "Cancel" : "Close")),
      view.submit ? el("button", { type: "submit", class: "button primary" }, view.submit.text) : null)),
    el("div", { class: "toasts", role: "alert" }));
}

function focusFirst(dialog) {
  const invalid = dialog.querySelector('[aria-invalid="true"]');
  const wished = dialog.querySelector(".modal-body [data-autofocus]");
  const first = dialog.querySelector(".modal-body :is(.control, input, textarea, select, button, summary)");
  (invalid ?? wished ?? first ?? dialog.querySelector(".modal-foot button:last-child")).focus();
}

async function submit(view, form) {
  const button = byId("dialog").querySelector('[type="submit"]');
  button?.classList.add("pressed");
  const answer = await send("submit", { values: form.values });
  button?.classList.remove("pressed");
  if (!answer?.errors || state.modals.at(-1)?.id !== view.id) return;
  show(state.modals.at(-1), answer.errors);
  focusFirst(byId("dialog"));
}

const close = (everything) => send("submit", { values: null, everything });

byId("dialog").addEventListener("cancel", (event) => {
  if (event.target !== event.currentTarget) return;
  event.preventDefault();
  close(false);
});
