// The elements of Block Kit one can press, choose from or write in.

import { el, icon } from "./dom.js";
import { replaceEmoji } from "./emoji.js";
import { toggleMenu } from "./menu.js";
import { renderMrkdwn } from "./mrkdwn.js";

/** What is chosen and written in the elements of one surface, in the shape of Slack's `state.values`. */
export class Form {
  constructor() {
    this.values = {};
  }

  set(block, part, fields) {
    (this.values[block.block_id] ??= {})[part.action_id] = { type: part.type, ...fields };
  }
}

/**
 * Render an element.
 * context: as for renderBlock.
 * options: {dispatches: whether a choice is told to the app at once; id: of the control, for the
 * label that stands by it; label: what the control is for, where none stands by it}.
 */
export function renderElement(part, block, context, place, { dispatches = true, id = null, label = "" } = {}) {
  const draw = ELEMENTS[part.type];
  if (!draw) return el("span", { class: "quiet" }, part.alt_text ?? `[${part.type}]`);
  const note = (fields) => context.form.set(block, part, fields);
  const act = (fields, node) => context.act(block, part, fields, node);
  return draw(resume(part, context.form.values[block.block_id]?.[part.action_id]), {
    context, place, id, label, note, act,
    async choose(fields, node, restore) {
      note(fields);
      if (!dispatches || (await act(fields, node))) return;
      note(restore());
    },
  });
}

/** An element drawn anew begins with what was chosen in it before. */
function resume(part, kept) {
  if (kept?.type !== part.type) return part;
  const initial = Object.entries(kept)
    .filter(([name]) => name !== "type")
    .map(([name, value]) => [`initial_${name.replace("selected_", "")}`, value]);
  return { ...part, ...Object.fromEntries(initial) };
}

const ELEMENTS = {
  button(part, { act, place }) {
    return el("button", {
      type: "button", class: `button ${part.style ?? ""}`, "data-place": place,
      "aria-label": part.accessibility_label,
      onclick: (event) => act({ value: part.value }, event.currentTarget),
    }, replaceEmoji(part.text.text));
  },
  icon_button(part, { act, place }) {
    const label = part.accessibility_label ?? part.text.text;
    return el("button", {
      type: "button", class: "icon-button", title: part.text.text, "aria-label": label, "data-place": place,
      onclick: (event) => act({ value: part.value }, event.currentTarget),
    }, icon(part.icon));
  },
  feedback_buttons: feedbackButtons,
  overflow(part, { act, place }) {
    const button = el("button", {
      type: "button", class: "icon-button", title: "More", "data-place": place,
      "aria-label": part.accessibility_label ?? "More", "aria-haspopup": "menu", "aria-expanded": "false",
      onclick: () => toggleMenu(button, "More", part.options.map((option) => ({
        label: replaceEmoji(option.text.text),
        hint: option.description?.text,
        act: () => act({ selected_option: option, url: option.url }, button),
      }))),
    }, icon("more"));
    return button;
  },
  static_select: (part, tools) => select(part, tools, {
    groups: part.option_groups ?? [{ options: part.options }],
    chosen: part.initial_option?.value,
    fields: (option) => ({ selected_option: option }),
  }),
  conversations_select: (part, tools) => select(part, tools, {
    groups: [{ options: conversations(part, tools.context) }],
    chosen: part.initial_conversation ?? (part.default_to_current_conversation ? tools.context.channel : null),
    fields: (option) => ({ selected_conversation: option?.value ?? null }),
  }),
  channels_select: (part, tools) => select(part, tools, {
    groups: [{ options: conversations({ filter: { include: ["public"] } }, tools.context) }],
    chosen: part.initial_channel,
    fields: (option) => ({ selected_channel: option?.value ?? null }),
  }),
  users_select: (part, tools) => select(part, tools, {
    groups: [{ options: people(tools.context) }],
    chosen: part.initial_user,
    fields: (option) => ({ selected_user: option?.value ?? null }),
  }),
  multi_static_select: (part, tools) => multiSelect(part, tools, {
    options: (part.option_groups ?? [{ options: part.options }]).flatMap((group) => group.options),
    chosen: (part.initial_options ?? []).map((option) => option.value),
    fields: (options) => ({ selected_options: options }),
  }),
  multi_conversations_select: (part, tools) => multiSelect(part, tools, {
    options: conversations(part, tools.context),
    chosen: part.initial_conversations
      ?? (part.default_to_current_conversation && tools.context.channel ? [tools.context.channel] : []),
    fields: (options) => ({ selected_conversations: options.map((option) => option.value) }),
  }),
  multi_channels_select: (part, tools) => multiSelect(part, tools, {
    options: conversations({ filter: { include: ["public"] } }, tools.context),
    chosen: part.initial_channels ?? [],
    fields: (options) => ({ selected_channels: options.map((option) => option.value) }),
  }),
  multi_users_select: (part, tools) => multiSelect(part, tools, {
    options: people(tools.context),
    chosen: part.initial_users ?? [],
    fields: (options) => ({ selected_users: options.map((option) => option.value) }),
  }),
  radio_buttons: (part, tools) => boxes(part, tools, {
    type: "radio", role: "radiogroup",
    chosen: part.initial_option ? [part.initial_option.value] : [],
    fields: ([option]) => ({ selected_option: option ?? null }),
  }),
  checkboxes: (part, tools) => boxes(part, tools, {
    type: "checkbox", role: "group",
    chosen: (part.initial_options ?? []).map((option) => option.value),
    fields: (options) => ({ selected_options: options }),
  }),
  plain_text_input: (part, tools) => textInput(part, tools, part.multiline ? "textarea" : "input", {
    type: part.multiline ? null : "text", rows: part.multiline ? 4 : null,
    minlength: part.min_length, maxlength: part.max_length,
  }),
  number_input: (part, tools) => textInput(part, tools, "input", {
    type: "text", inputmode: part.is_decimal_allowed ? "decimal" : "numeric",
  }),
  email_text_input: (part, tools) => textInput(part, tools, "input", { type: "email" }),
  url_text_input: (part, tools) => textInput(part, tools, "input", { type: "url" }),
  datepicker(part, { note, choose, place, id, label }) {
    let before = part.initial_date ?? null;
    note({ selected_date: before });
    return el("input", {
      type: "date", class: "control", id, value: before ?? "", "data-place": place, "aria-label": id ? null : label || "Date",
      async onchange(event) {
        const field = event.currentTarget;
        await choose({ selected_date: field.value || null }, field, () => {
          field.value = before ?? "";
          return { selected_date: before };
        });
        before = field.value || null;
      },
    });
  },
};

function feedbackButtons(part, { context, act, place }) {
  const sides = [["positive_button", "up"], ["negative_button", "down"]];
  const buttons = sides.map(([side, picture]) => {
    const label = part[side].accessibility_label ?? part[side].text.text;
    return el("button", {
      type: "button", class: "icon-button", title: part[side].text.text, "aria-label": label,
      "aria-pressed": String(context.memory.get(place) === side), "data-place": `${place}.${side}`,
      onclick: (event) => {
        context.memory.set(place, side);
        buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(sides[index][0] === side)));
        act({ value: part[side].value }, event.currentTarget);
      },
    }, icon(picture));
  });
  return el("span", { class: "feedback", role: "group", "aria-label": "Feedback" }, ...buttons);
}

function select(part, { note, choose, place, id, label }, { groups, chosen, fields }) {
  const options = groups.flatMap((group) => group.options);
  const find = (value) => options.find((option) => option.value === value) ?? null;
  let before = chosen ?? "";
  note(fields(find(before)));
  const entry = (option) =>
    el("option", { value: option.value, selected: option.value === chosen }, replaceEmoji(option.text.text));
  const placeholder = part.placeholder?.text ?? "Choose";
  const field = el("select", {
    class: "control", id, "data-place": place, "aria-label": id ? null : label || placeholder,
    async onchange() {
      await choose(fields(find(field.value)), field, () => {
        field.value = before;
        return fields(find(before));
      });
      before = field.value;
    },
  },
  el("option", { value: "", disabled: Boolean(find(chosen)), selected: !find(chosen) }, placeholder),
  ...groups.map((group) => (group.label
    ? el("optgroup", { label: group.label.text }, ...group.options.map(entry))
    : group.options.map(entry))));
  return field;
}

/** Several of many: a list that folds away; what was chosen counts when it is closed, as in Slack. */
function multiSelect(part, { note, choose, place, id, label }, { options, chosen, fields }) {
  let before = new Set(chosen);
  const picked = new Set(chosen);
  const choice = (values) => fields(options.filter((option) => values.has(option.value)));
  note(choice(picked));
  const placeholder = part.placeholder?.text ?? "Choose";
  const summary = el("summary", { class: "control", id, "data-place": place });
  const rows = options.map((option) => {
    const box = el("input", {
      type: "checkbox", checked: picked.has(option.value),
      onchange: () => {
        picked[box.checked ? "add" : "delete"](option.value);
        note(choice(picked));
        tell();
      },
    });
    return el("label", {}, box, replaceEmoji(option.text.text));
  });
  const node = el("details", {
    class: "multi",
    ontoggle: async () => {
      if (node.open || sameSet(before, picked)) return;
      await choose(choice(picked), node, () => choice(before));
      before = new Set(picked);
    },
    onkeydown: (event) => {
      if (event.key !== "Escape" || !node.open) return;
      event.preventDefault();
      event.stopPropagation();
      node.open = false;
      summary.focus();
    },
    onfocusout: (event) => {
      if (event.relatedTarget && !node.contains(event.relatedTarget)) node.open = false;
    },
  }, summary, el("div", { class: "multi-list", role: "group", "aria-label": label || placeholder }, ...rows));
  function tell() {
    const names = options.filter((option) => picked.has(option.value)).map((option) => option.text.text);
    const said = names.length ? names.join(", ") : placeholder;
    summary.replaceChildren(said);
    if (label) summary.setAttribute("aria-label", `${label}: ${said}`);
    summary.classList.toggle("quiet", !names.length);
  }
  tell();
  return node;
}

document.addEventListener("pointerdown", (event) => {
  for (const list of document.querySelectorAll("details.multi[open]")) {
    if (!list.contains(event.target)) list.open = false;
  }
});

const sameSet = (a, b) => a.size === b.size && [...a].every((value) => b.has(value));

function boxes(part, { context, note, choose, place, label }, { type, role, chosen, fields }) {
  let before = new Set(chosen);
  note(fields(part.options.filter((option) => before.has(option.value))));
  const inputs = part.options.map((option) => el("input", {
    type, name: place, checked: before.has(option.value), "data-place": `${place}.${option.value}`, onchange: take,
  }));
  const picked = () => part.options.filter((option, index) => inputs[index].checked);
  async function take(event) {
    await choose(fields(picked()), event.currentTarget, () => {
      part.options.forEach((option, index) => { inputs[index].checked = before.has(option.value); });
      return fields(picked());
    });
    before = new Set(picked().map((option) => option.value));
  }
  return el("div", { class: "boxes", role, "aria-label": label || null }, ...part.options.map((option, index) =>
    el("label", {}, inputs[index], el("span", {}, ...renderText(option.text, context.names),
      option.description ? el("small", {}, ...renderText(option.description, context.names)) : null))));
}

function textInput(part, { note, choose, place, id }, tag, props) {
  const written = (text) => ({ value: text || null });
  note(written(part.initial_value ?? ""));
  const field = el(tag, {
    ...props, id, class: "control", value: part.initial_value ?? "", placeholder: part.placeholder?.text,
    "data-place": place, "aria-label": id ? null : part.placeholder?.text ?? "Text",
    "data-autofocus": part.focus_on_load || null,
    oninput: () => note(written(field.value)),
    onchange: () => choose(written(field.value), field, () => written(field.value)),
  });
  return field;
}

function conversations(part, context) {
  const { include, exclude_bot_users: noBots } = part.filter ?? {};
  return context.channels()
    .filter(({ kind }) => !include || include.includes(kind))
    .filter(({ kind }) => !(noBots && kind === "im"))
    .map(({ id, title }) => ({ value: id, text: { text: title } }));
}

const people = (context) => context.people().map(({ id, name }) => ({ value: id, text: { text: name } }));

/** Render a text object: mrkdwn, or plain text with its line breaks and emoji. */
export function renderText(object, names) {
  if (object.type === "mrkdwn") return renderMrkdwn(object.text, names);
  return String(object.text ?? object).split("\n").flatMap((line, index) => [
    ...(index ? [el("br")] : []),
    replaceEmoji(line),
  ]);
}
