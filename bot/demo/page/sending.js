// What the person does, told to the server; and what went wrong, told to the person.

import { el } from "./dom.js";
import { state } from "./state.js";

const TOAST_MILLISECONDS = 5000;

/** Tell the server something; returns its answer, or null when the person was told of a failure. */
export async function send(verb, body) {
  const isForm = body instanceof FormData;
  if (isForm) body.set("user", state.me);
  const answer = await fetch(`/page/${verb}`, {
    method: "POST",
    headers: { "X-Aloud-Page": "1", ...(isForm ? {} : { "Content-Type": "application/json" }) },
    body: isForm ? body : JSON.stringify({ user: state.me, ...body }),
  }).catch(() => null);
  if (answer?.ok) return answer.json();
  const problem = await answer?.json().catch(() => null);
  toast(problem?.error ?? "That did not work. Is the demo still running?");
  return null;
}

export function toast(text) {
  const note = el("p", { class: "toast" }, text);
  // Only what stands in an open dialog is seen and heard above it.
  (document.querySelector("dialog[open] .toasts") ?? document.getElementById("toasts")).append(note);
  setTimeout(() => note.remove(), TOAST_MILLISECONDS);
}

/** What was chosen, as one value, a list of values, or a text. */
export function valueOf({ value, ...fields }) {
  if (value !== undefined) return value;
  const [chosen] = Object.entries(fields).filter(([name]) => name.startsWith("selected_")).map(([, it]) => it);
  if (Array.isArray(chosen)) return chosen.map((each) => each.value ?? each);
  return chosen?.value ?? chosen ?? null;
}
