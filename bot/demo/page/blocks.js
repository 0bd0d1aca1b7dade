// Block Kit to elements.

import { el, link } from "./dom.js";
import { renderElement, renderText } from "./elements.js";
import { renderMarkdown } from "./markdown.js";
import { renderRichText } from "./rich_text.js";

const STATES = { pending: "Waiting", in_progress: "Working", complete: "Done", error: "Failed" };
const LEVELS = { info: "ℹ️", success: "✅", warning: "⚠️", error: "❌", default: "•" };

/**
 * Render one block. `place` names it uniquely on the page.
 * context:
 *   names: {user(id), channel(id)}; channel: where it stands, or null;
 *   channels(): [{id, title, kind}], people(): [{id, name}]: what can be chosen;
 *   form: the Form that keeps what is chosen; memory: a Map of what was folded or pressed, by place;
 *   act(block, part, fields, node): tells the app, and resolves to whether it was done;
 *   file(external id); errors: {block_id: what is wrong with its input}.
 */
export function renderBlock(block, context, place) {
  const draw = BLOCKS[block.type];
  return draw ? draw(block, context, place) : el("p", { class: "quiet" }, `[${block.type}]`);
}

const BLOCKS = {
  section(block, context, place) {
    const fields = (block.fields ?? []).map((field) => el("div", {}, ...renderText(field, context.names)));
    return el("div", { class: "block-section" },
      el("div", { class: "block-body" },
        block.text ? el("div", { class: "mrkdwn" }, ...renderText(block.text, context.names)) : null,
        fields.length ? el("div", { class: "fields" }, ...fields) : null),
      block.accessory ? labelled(block, context, place) : null);
  },
  header: (block) => el("h3", { class: "block-header" }, ...renderText(block.text, {})),
  divider: () => el("hr"),
  markdown: (block, context) => el("div", { class: "markdown" }, ...renderMarkdown(block.text, context.names)),
  context: (block, context) =>
    el("div", { class: "block-context" }, ...block.elements.map((part) =>
      el("span", {}, ...(part.type === "image" ? [part.alt_text] : renderText(part, context.names))))),
  actions: (block, context, place) =>
    el("div", { class: "block-actions" }, ...block.elements.map((part, index) =>
      renderElement(part, block, context, `${place}.${index}`))),
  context_actions: (block, context, place) =>
    el("div", { class: "block-actions subtle" }, ...block.elements.map((part, index) =>
      renderElement(part, block, context, `${place}.${index}`))),
  rich_text: (block, context) => el("div", { class: "mrkdwn" }, ...renderRichText(block.elements, context.names)),
  image: (block) =>
    el("p", {}, block.image_url ? link(block.image_url, block.alt_text) : block.alt_text),
  file: (block, context) => context.file(block.external_id),
  table,
  container,
  plan: (block, context, place) => el("div", { class: "plan" }, el("strong", {}, block.title),
    ...(block.tasks ?? []).map((task, index) => renderBlock(task, context, `${place}.${index}`))),
  task_card: (block, context) =>
    el("div", { class: `task-card ${block.status}` },
      el("span", { class: "task-state" }, STATES[block.status]),
      el("div", {}, el("strong", {}, block.title), prose(block.details, context), prose(block.output, context),
        ...(block.sources ?? []).map((source) => link(source.url, source.text ?? source.url)))),
  alert: (block, context) =>
    el("div", { class: `block-alert ${block.level ?? "default"}`, role: "note" },
      el("span", { "aria-hidden": "true" }, LEVELS[block.level ?? "default"]),
      el("div", {}, ...renderText(block.text, context.names))),
  input,
};

/** An accessory is named by the text of its section. */
function labelled(block, context, place) {
  const label = block.text ? plain(block.text.text) : "";
  return el("div", { class: "block-accessory" },
    renderElement(block.accessory, block, context, `${place}.a`, { label }));
}

const plain = (mrkdwn) => mrkdwn.replace(/[*_~`]/g, "").split("\n")[0];

function input(block, context, place) {
  const { element: part } = block;
  const id = `input-${place.replace(/\W/g, "-")}`;
  const error = context.errors?.[block.block_id];
  const control = renderElement(part, block, context, place, {
    dispatches: Boolean(block.dispatch_action), id, label: block.label.text,
  });
  const target = control.tagName === "DETAILS" ? control.firstElementChild : control;
  target.setAttribute("aria-describedby", `${id}-error ${id}-hint`);
  if (error) target.setAttribute("aria-invalid", "true");
  const grouped = control.classList.contains("boxes");
  return el("div", { class: "block-input", "data-block": block.block_id },
    el(grouped ? "span" : "label", { class: "input-label", for: grouped ? null : id },
      ...renderText(block.label, context.names),
      block.optional ? el("span", { class: "quiet" }, " (optional)") : null),
    control,
    el("p", { class: "input-error", id: `${id}-error`, hidden: !error, role: error ? "alert" : null }, error ?? ""),
    el("small", { id: `${id}-hint`, hidden: !block.hint }, block.hint?.text ?? ""));
}

/** The first row is the head; settings say how a column is aligned and whether its text wraps. */
function table(block, context) {
  const [head, ...body] = block.rows;
  const settings = block.column_settings ?? [];
  const row = (cells, tag) => el("tr", {}, ...cells.map((cell, column) => {
    const classes = [`align-${settings[column]?.align ?? "left"}`];
    if (!settings[column]?.is_wrapped) classes.push("unwrapped");
    return el(tag, { class: classes.join(" "), scope: tag === "th" ? "col" : null },
      ...tableCell(cell, context.names));
  }));
  return el("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "Table" },
    el("table", { class: "native" }, el("thead", {}, row(head, "th")),
      el("tbody", {}, ...body.map((cells) => row(cells, "td")))));
}

function tableCell(cell, names) {
  if (cell.type === "rich_text") return renderRichText(cell.elements, names);
  return renderText({ text: String(cell.text ?? cell.value ?? "") }, names);
}

function container(block, context, place) {
  const title = [
    el("strong", {}, ...(block.rich_text_title
      ? renderRichText(block.rich_text_title.elements, context.names)
      : renderText(block.title, context.names))),
    block.subtitle ? el("small", {}, ...renderText(block.subtitle, context.names)) : null,
  ];
  const inside = el("div", { class: "container-body" },
    ...block.child_blocks.map((child, index) => renderBlock(child, context, `${place}.${index}`)));
  if (!block.is_collapsible) {
    return el("section", { class: "container" }, el("header", {}, ...title), inside);
  }
  const node = el("details", {
    class: "container", open: context.memory.get(place) ?? !block.default_collapsed,
    ontoggle: () => context.memory.set(place, node.open),
  }, el("summary", { "data-place": place }, ...title), inside);
  return node;
}

function prose(value, context) {
  if (!value) return null;
  return value.elements
    ? el("div", {}, ...renderRichText(value.elements, context.names))
    : el("p", {}, String(value));
}
