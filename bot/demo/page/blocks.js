// Block Kit to elements.

import { el, icon, link } from "./dom.js";
import { renderMarkdown } from "./markdown.js";
import { emoji, renderMrkdwn } from "./mrkdwn.js";

const STATES = { pending: "Waiting", in_progress: "Working", complete: "Done", error: "Failed" };
const LEVELS = { info: "ℹ️", success: "✅", warning: "⚠️", error: "❌", default: "•" };

/**
 * Render one block.
 * context: {names, press(element, value), file(id)}.
 */
export function renderBlock(block, context, place) {
  const draw = BLOCKS[block.type];
  return draw ? draw(block, context, place) : el("p", { class: "quiet" }, `[${block.type}]`);
}

const BLOCKS = {
  section(block, context, place) {
    const fields = (block.fields ?? []).map((field) => el("div", {}, ...text(field, context)));
    return el("div", { class: "block-section" },
      el("div", { class: "block-body" },
        block.text ? el("div", { class: "mrkdwn" }, ...text(block.text, context)) : null,
        fields.length ? el("div", { class: "fields" }, ...fields) : null),
      block.accessory ? element(block.accessory, context, `${place}.a`) : null);
  },
  header: (block) => el("h3", { class: "block-header" }, block.text.text),
  divider: () => el("hr"),
  markdown: (block, context) => el("div", { class: "markdown" }, ...renderMarkdown(block.text, context.names)),
  context: (block, context) =>
    el("div", { class: "block-context" }, ...block.elements.map((part) =>
      part.type === "image"
        ? el("span", {}, part.alt_text)
        : el("span", {}, ...text(part, context)))),
  actions: (block, context, place) =>
    el("div", { class: "block-actions" }, ...block.elements.map((part, index) =>
      element(part, context, `${place}.${index}`))),
  context_actions: (block, context, place) =>
    el("div", { class: "block-actions subtle" }, ...block.elements.map((part, index) =>
      element(part, context, `${place}.${index}`))),
  rich_text: (block, context) =>
    el("div", { class: "mrkdwn" }, ...block.elements.map((part) => richText(part, context))),
  image: (block) =>
    el("p", {}, block.image_url ? link(block.image_url, block.alt_text) : block.alt_text),
  file: (block, context) => context.file(block.external_id),
  table(block, context) {
    const rows = block.rows.map((row, index) =>
      el("tr", {}, ...row.map((cell) => el(index ? "td" : "th", {}, ...tableCell(cell, context)))));
    return el("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "Table" },
      el("table", {}, el("thead", {}, rows[0]), el("tbody", {}, ...rows.slice(1))));
  },
  plan: (block) => el("p", { class: "plan" }, block.title),
  task_card: (block) =>
    el("div", { class: `task-card ${block.status}` },
      el("span", { class: "task-state" }, STATES[block.status]),
      el("div", {}, el("strong", {}, block.title),
        block.details ? el("p", {}, String(block.details)) : null,
        block.output ? el("p", {}, String(block.output)) : null,
        ...(block.sources ?? []).map((source) => link(source.url, source.text ?? source.url)))),
  alert: (block, context) =>
    el("div", { class: "block-alert" }, LEVELS[block.level ?? "default"], " ", ...text(block.text, context)),
  input: (block) => {
    const { element: field } = block;
    const id = `input-${block.block_id}`;
    const props = { id, name: block.block_id, "data-action": field.action_id, "data-type": field.type };
    const long = field.type === "plain_text_input" && field.multiline;
    return el("div", { class: "block-input" },
      el("label", { for: id }, block.label.text, block.optional ? " (optional)" : ""),
      el(long ? "textarea" : "input", {
        ...props, required: !block.optional, placeholder: field.placeholder?.text,
        value: field.initial_value ?? "", rows: long ? 4 : null,
      }),
      block.hint ? el("small", {}, block.hint.text) : null);
  },
};

function element(part, context, place) {
  if (part.type === "button") {
    const style = part.style ? ` ${part.style}` : "";
    return el("button", {
      type: "button", class: `button${style}`, "data-place": place,
      "aria-label": part.accessibility_label,
      onclick: (event) => context.press(part, part.value, event.currentTarget),
    }, part.text.text);
  }
  if (part.type === "feedback_buttons") {
    return el("span", { class: "feedback" },
      ...["positive_button", "negative_button"].map((side) => {
        const label = part[side].accessibility_label ?? part[side].text.text;
        return el("button", {
          type: "button", class: "icon-button", title: label, "aria-label": label,
          "data-place": `${place}.${side}`,
          onclick: (event) => context.press(part, part[side].value, event.currentTarget),
        }, icon(side === "positive_button" ? "up" : "down"));
      }));
  }
  if (part.type === "icon_button") {
    return el("button", {
      type: "button", class: "icon-button", title: part.text.text, "aria-label": part.text.text,
      "data-place": place,
      onclick: (event) => context.press(part, part.value, event.currentTarget),
    }, icon(part.icon));
  }
  return el("span", { class: "quiet" }, part.placeholder?.text ?? part.alt_text ?? `[${part.type}]`);
}

function text(object, context) {
  if (object.type === "mrkdwn") return renderMrkdwn(object.text, context.names);
  return object.text.split("\n").flatMap((line, index) => [
    ...(index ? [el("br")] : []),
    line.replace(/:([a-z0-9_+-]+):/g, (all, name) => emoji(name)),
  ]);
}

function tableCell(cell, context) {
  if (cell.type === "rich_text") return cell.elements.map((part) => richText(part, context));
  return [String(cell.text ?? cell.value ?? "")];
}

function richText(part, context) {
  const inside = () => (part.elements ?? []).flatMap((piece) => richPiece(piece, context));
  switch (part.type) {
    case "rich_text_list":
      return el(part.style === "ordered" ? "ol" : "ul", {},
        ...part.elements.map((item) => el("li", {}, richText(item, context))));
    case "rich_text_quote":
      return el("blockquote", {}, ...inside());
    case "rich_text_preformatted":
      return el("pre", {}, el("code", {}, ...inside()));
    default:
      return el("span", {}, ...inside());
  }
}

function richPiece(piece, context) {
  switch (piece.type) {
    case "user":
      return [el("span", { class: "mention" }, `@${context.names.user(piece.user_id) ?? piece.user_id}`)];
    case "channel":
      return [el("span", { class: "mention" }, `#${context.names.channel(piece.channel_id) ?? "private"}`)];
    case "broadcast":
      return [el("span", { class: "mention broadcast" }, `@${piece.range}`)];
    case "link":
      return [link(piece.url, piece.text ?? piece.url)];
    case "emoji":
      return [emoji(piece.name)];
    default:
      return styled(piece);
  }
}

function styled({ text: content = "", style = {} }) {
  let nodes = content.split("\n").flatMap((line, index) => [...(index ? [el("br")] : []), line]);
  for (const [name, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) {
    if (style[name]) nodes = [el(tag, {}, ...nodes)];
  }
  return nodes;
}
