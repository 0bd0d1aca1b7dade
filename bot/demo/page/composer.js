// The box one writes in: Enter sends, files by clip, drop or paste, @ and / complete.

import { findCompletions } from "./completions.js";
import { el, icon } from "./dom.js";
import { size } from "./messages.js";

/**
 * Make a composer for a pane.
 * options: {pane, label, known(): what completes, see completions.js, appHandle, send({text, files})}.
 * Returns {node, setLabel, setDraft, draft, focus, pickFiles, submit}.
 */
export function makeComposer({ pane, label, known, appHandle, send }) {
  let files = [];
  let matches = [];
  let chosen = 0;

  const field = el("textarea", {
    rows: "1", placeholder: label, "aria-label": label,
    "aria-autocomplete": "list", "aria-expanded": "false", role: "combobox",
    oninput: () => { grow(); complete(); update(); },
    onkeydown: onKey,
    onblur: () => setTimeout(closeList, 150),
    onpaste: (event) => {
      if (event.clipboardData.files.length) {
        event.preventDefault();
        addFiles(event.clipboardData.files);
      }
    },
  });
  const list = el("ul", { class: "completions", role: "listbox", "aria-label": "Suggestions", hidden: true });
  list.id = `suggestions-${pane.id}`;
  field.setAttribute("aria-controls", list.id);
  const chips = el("div", { class: "chips" });
  const picker = el("input", {
    type: "file", multiple: true, class: "offstage", tabindex: "-1", "aria-hidden": "true",
    onchange: () => { addFiles(picker.files); picker.value = ""; },
  });
  const sendButton = el("button", {
    type: "submit", class: "icon-button send", "aria-label": "Send", title: "Send (Enter)", disabled: true,
  }, icon("send"));
  const node = el("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); submit(); } },
    list, field, chips,
    el("div", { class: "composer-bar" },
      el("button", { type: "button", class: "icon-button", title: "Attach a file", "aria-label": "Attach a file", onclick: () => picker.click() }, icon("attach")),
      el("button", { type: "button", class: "icon-button", title: "Mention Aloud", "aria-label": "Mention Aloud", onclick: () => insert(`@${appHandle} `) }, icon("at")),
      picker,
      el("span", { class: "hint" }, "Shift + Enter for a new line"),
      sendButton));

  const veil = el("div", { class: "drop-veil", hidden: true }, el("strong", {}, "Drop to share"));
  pane.append(veil);
  let depth = 0;
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  pane.addEventListener("dragenter", (event) => {
    if (!carriesFiles(event)) return;
    depth += 1;
    veil.hidden = false;
  });
  pane.addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
  pane.addEventListener("dragleave", (event) => {
    if (carriesFiles(event) && --depth <= 0) { depth = 0; veil.hidden = true; }
  });
  pane.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    veil.hidden = true;
    addFiles(event.dataTransfer.files);
    field.focus();
  });

  function addFiles(added) {
    files.push(...added);
    drawChips();
  }

  function drawChips() {
    chips.replaceChildren(...files.map((file, index) => el("span", { class: "chip" },
      el("span", {}, file.name, " ", el("small", {}, size(file.size))),
      el("button", {
        type: "button", "aria-label": `Remove ${file.name}`,
        onclick: () => { files.splice(index, 1); drawChips(); field.focus(); },
      }, icon("close")))));
    update();
  }

  function update() {
    sendButton.disabled = !field.value.trim() && !files.length;
  }

  function grow() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 220)}px`;
  }

  function insert(text) {
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.focus();
    grow();
    update();
  }

  async function submit() {
    const text = field.value.trim();
    if (!text && !files.length) return;
    const sent = files;
    field.value = "";
    files = [];
    grow();
    drawChips();
    closeList();
    if (!(await send({ text, files: sent }))) {
      field.value = text;
      files = sent;
      grow();
      drawChips();
    }
  }

  function onKey(event) {
    if (!list.hidden) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + matches.length) % matches.length;
        drawList();
        return;
      }
      if (event.key === "Enter" || event.key === "Tab") {
        event.preventDefault();
        accept(matches[chosen]);
        return;
      }
      if (event.key === "Escape") {
        event.stopPropagation();
        closeList();
        return;
      }
    }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    }
  }

  function complete() {
    matches = findCompletions(field.value.slice(0, field.selectionStart), known());
    chosen = 0;
    if (matches.length) drawList();
    else closeList();
  }

  function drawList() {
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    list.replaceChildren(...matches.map((match, index) => el("li", {
      role: "option", id: `${list.id}-${index}`, "aria-selected": String(index === chosen),
      onmousedown: (event) => { event.preventDefault(); accept(match); },
    }, el("strong", {}, match.name), el("span", {}, match.hint), match.isApp ? el("span", { class: "badge" }, "APP") : null)));
    field.setAttribute("aria-activedescendant", `${list.id}-${chosen}`);
  }

  function closeList() {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  function accept(match) {
    field.setRangeText(match.insert, match.from, field.selectionStart, "end");
    closeList();
    update();
    complete();
  }

  return {
    node,
    submit,
    focus: () => field.focus(),
    pickFiles: () => picker.click(),
    setLabel: (text) => { field.placeholder = text; field.setAttribute("aria-label", text); },
    setDraft: (text) => { field.value = text; grow(); update(); },
    draft: () => field.value,
  };
}
