// Slack's own markup ("mrkdwn"), with its <tokens>, to elements.

import { el, link } from "./dom.js";
import { replaceEmoji } from "./emoji.js";

const TOKEN = /<([@#!]?[^<>\n]+)>/;
const STYLES = [
  ["strong", /(^|[^\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])/],
  ["em", /(^|[^\w_])_(\S(?:[^_\n]*\S)?)_(?![\w_])/],
  ["s", /(^|[^\w~])~(\S(?:[^~\n]*\S)?)~(?![\w~])/],
];

export const unescape = (text) =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** Render mrkdwn. `names` resolves ids: {user(id), channel(id)}. */
export function renderMrkdwn(text, names) {
  const nodes = [];
  text.split(/\n?```\n?([\s\S]*?)\n?```\n{0,2}/).forEach((part, index) => {
    if (index % 2) nodes.push(el("pre", {}, el("code", {}, unescape(part))));
    else nodes.push(...renderLines(part, names));
  });
  return nodes;
}

function renderLines(text, names) {
  const nodes = [];
  let quote = null;
  const lines = text.split("\n");
  lines.forEach((line, index) => {
    const quoted = /^(&gt;|>) ?/.exec(line);
    if (quoted) {
      if (!quote) nodes.push((quote = el("blockquote")));
      else quote.append(el("br"));
      quote.append(...renderInline(line.slice(quoted[0].length), names));
      return;
    }
    if (index > 0 && !quote) nodes.push(el("br"));
    quote = null;
    nodes.push(...renderInline(line, names));
  });
  return nodes;
}

/** Render one line of mrkdwn: tokens, code, bold, italic, strike, emoji. */
export function renderInline(text, names) {
  const code = /`([^`\n]+)`/.exec(text);
  const token = TOKEN.exec(text);
  const first = [code, token].filter(Boolean).sort((a, b) => a.index - b.index)[0];
  if (first) {
    const node = first === code ? el("code", {}, unescape(code[1])) : renderToken(token[1], names);
    return [
      ...renderStyles(text.slice(0, first.index)),
      node,
      ...renderInline(text.slice(first.index + first[0].length), names),
    ];
  }
  return renderStyles(text);
}

export function renderToken(token, names) {
  const [target, label] = splitOnce(token, "|");
  if (target.startsWith("@")) return mention(names.user(target.slice(1)) ?? label ?? target.slice(1));
  if (target.startsWith("#")) {
    return el("span", { class: "mention" }, `#${label || names.channel(target.slice(1)) || "private"}`);
  }
  if (target.startsWith("!date^")) return document.createTextNode(unescape(label ?? ""));
  if (target.startsWith("!")) return mention(label?.replace(/^@/, "") ?? target.slice(1), "broadcast");
  return link(unescape(target), unescape(label ?? target.replace(/^mailto:/, "")));
}

/** Turn wire text back into what one types in the composer. */
export function wireToTyped(text, names) {
  const typed = text.replace(/<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>/g, (all, kind, target, label) => {
    if (kind === "@") return `@${names.handle(target) ?? label ?? target}`;
    if (kind === "#") return `#${label || names.channel(target)}`;
    return kind === "!" ? `@${target}` : target;
  });
  return unescape(typed);
}

function renderStyles(text) {
  for (const [tag, pattern] of STYLES) {
    const match = pattern.exec(text);
    if (match) {
      const start = match.index + match[1].length;
      return [
        ...renderStyles(text.slice(0, start)),
        el(tag, {}, ...renderStyles(match[2])),
        ...renderStyles(text.slice(match.index + match[0].length)),
      ];
    }
  }
  return text ? [replaceEmoji(unescape(text))] : [];
}

function mention(name, kind = "") {
  return el("span", { class: `mention ${kind}` }, `@${name}`);
}

function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
