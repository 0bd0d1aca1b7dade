// Standard Markdown, as Slack's markdown block takes it, to elements. It copes with text that
// is still being streamed: what is not closed yet is drawn as if it were.

import { el, link } from "./dom.js";
import { emoji } from "./emoji.js";
import { renderToken, unescape } from "./mrkdwn.js";

const FENCE = /^(\s*)(`{3,}|~{3,})\s*([\w+#.-]*)/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])(\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const QUOTE = /^ {0,3}> ?/;
const DELIMITER = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const DEEPEST = 6;

/** Render Markdown to a list of block elements. `names` as in mrkdwn.js. */
export function renderMarkdown(text, names, depth = 0) {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    const [node, next] = readBlock(lines, at, names, depth);
    if (node) nodes.push(node);
    at = next;
  }
  return nodes;
}

function readBlock(lines, at, names, depth) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  const fence = FENCE.exec(line);
  if (fence) return readFence(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading) {
    const level = Math.min(heading[1].length + 2, 6);
    return [el(`h${level}`, { class: "md-heading" }, ...renderSpans(heading[2], names)), at + 1];
  }
  if (RULE.test(line)) return [el("hr"), at + 1];
  if (isTable(lines, at)) return readTable(lines, at, names);
  if (QUOTE.test(line) && depth < DEEPEST) return readQuote(lines, at, names, depth);
  if (ITEM.test(line) && depth < DEEPEST) return readList(lines, at, names, depth);
  return readParagraph(lines, at, names);
}

function readFence(lines, at, [, , ticks, language]) {
  const body = [];
  let next = at + 1;
  while (next < lines.length && !lines[next].trim().startsWith(ticks)) body.push(lines[next++]);
  const code = el("code", {}, body.join("\n"));
  return [el("pre", { "data-language": language || null }, code), next + 1];
}

function readQuote(lines, at, names, depth) {
  const body = [];
  while (at < lines.length && QUOTE.test(lines[at])) body.push(lines[at++].replace(QUOTE, ""));
  return [el("blockquote", {}, ...renderMarkdown(body.join("\n"), names, depth + 1)), at];
}

function readList(lines, at, names, depth) {
  const [, indent, marker] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(marker);
  const list = el(ordered ? "ol" : "ul", { start: ordered ? parseInt(marker, 10) : null });
  while (at < lines.length) {
    const item = ITEM.exec(lines[at]);
    if (!item || item[1].length !== indent.length || /\d/.test(item[2]) !== ordered) break;
    const inner = indent.length + item[2].length + 1;
    const body = [item[3]];
    at += 1;
    while (at < lines.length && belongsToItem(lines, at, indent.length)) {
      const line = lines[at++];
      body.push(line.slice(Math.min(inner, line.length - line.trimStart().length)));
    }
    list.append(renderItem(body, names, depth));
  }
  return [list, at];
}

/** A line goes on with a list item when it is indented further, or is blank before such a line. */
function belongsToItem(lines, at, indent) {
  const line = lines[at];
  if (!line.trim()) return at + 1 < lines.length && indentOf(lines[at + 1]) > indent;
  if (indentOf(line) > indent) return true;
  return !ITEM.test(line) && !startsBlock(line) && lines[at - 1].trim() !== "";
}

const indentOf = (line) => (line.trim() ? line.length - line.trimStart().length : 0);

function renderItem(body, names, depth) {
  const task = /^\[([ xX])\]\s+/.exec(body[0]);
  if (!task) return el("li", {}, ...tight(renderMarkdown(body.join("\n"), names, depth + 1)));
  body[0] = body[0].slice(task[0].length);
  const box = el("input", { type: "checkbox", disabled: true, checked: task[1] !== " " });
  return el("li", { class: "task" }, box, ...tight(renderMarkdown(body.join("\n"), names, depth + 1)));
}

/** An item that is one paragraph needs no paragraph around its text. */
function tight(nodes) {
  if (nodes[0]?.tagName !== "P") return nodes;
  return [...nodes[0].childNodes, ...nodes.slice(1)];
}

function isTable(lines, at) {
  return lines[at].includes("|") && at + 1 < lines.length && lines[at + 1].includes("-")
    && lines[at + 1].includes("|") && DELIMITER.test(lines[at + 1]);
}

function readTable(lines, at, names) {
  const aligns = cells(lines[at + 1]).map((cell) => {
    const [left, right] = [cell.startsWith(":"), cell.endsWith(":")];
    return right ? (left ? "center" : "right") : "left";
  });
  const row = (line, tag) =>
    el("tr", {}, ...aligns.map((align, index) =>
      el(tag, { class: `align-${align}` }, ...renderSpans(cells(line)[index] ?? "", names))));
  const body = el("tbody");
  const head = el("thead", {}, row(lines[at], "th"));
  at += 2;
  while (at < lines.length && lines[at].includes("|") && lines[at].trim()) {
    body.append(row(lines[at++], "td"));
  }
  const table = el("table", {}, head, body);
  return [el("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "Table" }, table), at];
}

function cells(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/(^|[^\\])\|$/, "$1");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function readParagraph(lines, at, names) {
  const body = [lines[at++].trim()];
  while (at < lines.length && lines[at].trim() && !startsBlock(lines[at]) && !isTable(lines, at)
    && !ITEM.test(lines[at])) {
    body.push(lines[at++].trim());
  }
  const spans = body.flatMap((line, index) => [
    ...(index ? [el("br")] : []),
    ...renderSpans(line, names),
  ]);
  return [el("p", {}, ...spans), at];
}

const startsBlock = (line) =>
  FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line);

const SPANS = [
  [/\\([!-/:-@[-`{-~])/, (match) => match[1]],
  [/(`+)(?!`)([\s\S]*?[^`])\1(?!`)/, (match) => el("code", {}, match[2].trim())],
  [/!?\[([^\][]*(?:\[[^\][]*\][^\][]*)*)\]\(\s*<?([^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)>?(?:\s+"[^"]*")?\s*\)/,
    (match, inside) => link(match[2], ...(match[1] ? inside(match[1]) : [match[2]]))],
  [/<([@#!][^<>\n]+)>/, (match, inside, names) => renderToken(match[1], names)],
  [/<((?:https?:\/\/|mailto:)[^\s<>|]+)(?:\|([^<>\n]+))?>/,
    (match) => link(match[1], match[2] ?? match[1].replace(/^mailto:/, ""))],
  [/(?<![\w/])https?:\/\/[^\s<>]*[^\s<>.,;:!?)\]}'"*_~]/, (match) => link(match[0])],
  [/\*\*(?=\S)((?:\*(?!\*)|[^*])*\S)\*\*/, (match, inside) => el("strong", {}, ...inside(match[1]))],
  [/(?<!\w)__(?=\S)([^_]*(?:_(?!_)[^_]*)*\S)__(?!\w)/,
    (match, inside) => el("strong", {}, ...inside(match[1]))],
  [/~~(?=\S)([^~]+)~~/, (match, inside) => el("s", {}, ...inside(match[1]))],
  [/(?<!\*)\*(?=[^\s*])([^*]*[^\s*])\*(?!\*)/, (match, inside) => el("em", {}, ...inside(match[1]))],
  [/(?<![\w_])_(?=[^\s_])([^_]*[^\s_])_(?![\w_])/,
    (match, inside) => el("em", {}, ...inside(match[1]))],
  [/:([a-z0-9_+-]+(?:::skin-tone-\d)?):/, (match) => emoji(match[1])],
];

/** Render what stands within a line. */
export function renderSpans(text, names, depth = 0) {
  if (!text) return [];
  if (depth > DEEPEST) return [unescape(text)];
  let first = null;
  let render = null;
  for (const [pattern, make] of SPANS) {
    const match = pattern.exec(text);
    if (match && (!first || match.index < first.index)) [first, render] = [match, make];
  }
  if (!first) return [unescape(text)];
  const inside = (inner) => renderSpans(inner, names, depth + 1);
  return [
    ...(first.index ? [unescape(text.slice(0, first.index))] : []),
    render(first, inside, names),
    ...renderSpans(text.slice(first.index + first[0].length), names, depth),
  ];
}
