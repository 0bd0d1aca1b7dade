// Rich text, as Slack keeps what people write, to elements.

import { el, link } from "./dom.js";
import { emoji } from "./emoji.js";

const STYLES = [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]];

/** Render the elements of a rich text block. `names` resolves ids: {user(id), channel(id)}. */
export function renderRichText(elements, names) {
  const nodes = [];
  for (const part of elements) {
    if (part.type === "rich_text_list" && part.indent) nest(nodes, part, names);
    else nodes.push(renderPart(part, names));
  }
  return nodes;
}

/** Slack writes nested lists as lists side by side, each with how deep it stands. */
function nest(nodes, part, names) {
  let list = nodes.at(-1);
  for (let depth = 1; depth < part.indent; depth += 1) list = list?.lastElementChild?.lastElementChild ?? list;
  const item = list?.tagName === "UL" || list?.tagName === "OL" ? list.lastElementChild : null;
  if (item) item.append(renderPart(part, names));
  else nodes.push(renderPart(part, names));
}

function renderPart(part, names) {
  const inside = () => (part.elements ?? []).flatMap((piece) => renderPiece(piece, names));
  switch (part.type) {
    case "rich_text_list":
      return el(part.style === "ordered" ? "ol" : "ul", { start: part.offset ? part.offset + 1 : null },
        ...part.elements.map((item) => el("li", {}, renderPart(item, names))));
    case "rich_text_quote":
      return el("blockquote", {}, ...inside());
    case "rich_text_preformatted":
      return el("pre", { "data-language": part.language }, el("code", {}, rawText(part.elements)));
    default:
      return el("span", {}, ...inside());
  }
}

function renderPiece(piece, names) {
  switch (piece.type) {
    case "user":
      return [el("span", { class: "mention" }, `@${names.user(piece.user_id) ?? piece.user_id}`)];
    case "channel":
      return [el("span", { class: "mention" }, `#${names.channel(piece.channel_id) ?? "private"}`)];
    case "broadcast":
      return [el("span", { class: "mention broadcast" }, `@${piece.range}`)];
    case "link":
      return style([link(piece.url, piece.text || piece.url)], piece.style);
    case "emoji":
      return [emoji(piece.name)];
    default:
      return style(lines(piece.text ?? ""), piece.style);
  }
}

const rawText = (pieces) => pieces.map((piece) => piece.text ?? piece.url ?? "").join("");

function lines(text) {
  return text.split("\n").flatMap((line, index) => [...(index ? [el("br")] : []), line]);
}

function style(nodes, styles = {}) {
  return STYLES.reduce((inner, [name, tag]) => (styles[name] ? [el(tag, {}, ...inner)] : inner), nodes);
}
