// What every page shares: the menu, the server asked, and what is told to whoever looks or listens.

/** An answer that is no: RFC 9457 problem details. */
export class Problem extends Error {
  constructor(details, status) {
    super(details.detail || text("failed"));
    this.code = details.code || "";
    this.status = status;
    this.reasons = details.reasons || [];
    this.details = details;
  }
}

/** A string of the page, from its <template> elements, with `{name}` filled in. */
export function text(name, values = {}) {
  for (const template of document.querySelectorAll("template")) {
    const found = template.content.querySelector(`[data-text="${name}"]`);
    if (found) return found.textContent.replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
  }
  return name;
}

/** Asks the server, with the token of the session; gives JSON, or nothing where there is none. */
export async function ask(path, { method = "GET", json, form, headers = {}, signal } = {}) {
  const sent = { method, signal, headers: { Accept: "application/json", ...headers } };
  if (method !== "GET") sent.headers["X-CSRF-Token"] = token();
  if (json !== undefined) {
    sent.headers["Content-Type"] = "application/json";
    sent.body = JSON.stringify(json);
  }
  if (form) sent.body = form;
  let answer;
  try {
    answer = await fetch(path, sent);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ detail: text("unreachable"), code: "unreachable" }, 0);
  }
  const isJson = answer.status !== 204 && (answer.headers.get("Content-Type") || "").includes("json");
  const body = isJson ? await answer.json() : null;
  if (!answer.ok) throw new Problem(body || {}, answer.status);
  return body;
}

export function token() {
  return document.querySelector('meta[name="csrf-token"]')?.content || "";
}

/** Says something in passing: seen for a while, and read out. */
export function tell(message) {
  const line = document.createElement("p");
  line.textContent = message;
  document.getElementById("told").replaceChildren(line);
  setTimeout(() => line.remove(), 8000);
}

/** Shows a problem where it happened, reasons in a list; without one the place is emptied. */
export function showProblem(place, problem) {
  place.replaceChildren();
  place.hidden = !problem;
  if (!problem) return;
  place.className = problem.reasons?.length ? "notice warn" : "notice bad";
  place.setAttribute("role", "alert");
  if (problem.reasons?.length) {
    const list = document.createElement("ul");
    list.append(...problem.reasons.map((one) => make("li", { text: one.explanation })));
    place.append(make("p", { text: place.dataset.refused || text("failed") }), list);
  } else {
    place.append(make("p", { text: problem.message }));
  }
}

/** An element with a class, a text, attributes and children. */
export function make(name, { text: content, children = [], ...attributes } = {}) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  if (content !== undefined) element.textContent = content;
  element.append(...children);
  return element;
}

/** A copy of what the <template> of this id holds; its parts are reached by data-part. */
export function copy(id) {
  const root = document.getElementById(id).content.firstElementChild.cloneNode(true);
  const parts = { root };
  for (const part of [root, ...root.querySelectorAll("[data-part]")]) {
    if (part.dataset.part) parts[part.dataset.part] = part;
  }
  return parts;
}

/** Holds a button down while something is done. */
export async function during(button, work) {
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    return await work();
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

const menu = document.querySelector(".menu-button");
menu?.addEventListener("click", () => {
  menu.setAttribute("aria-expanded", String(menu.getAttribute("aria-expanded") !== "true"));
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || menu?.getAttribute("aria-expanded") !== "true") return;
  menu.setAttribute("aria-expanded", "false");
  menu.focus();
});

/** Where a picture is not handed out, another is tried, or words stand in its place. */
function replaceMissing(image) {
  const { instead } = image.dataset;
  if (instead) {
    image.dataset.instead = "";
    image.src = instead;
    return;
  }
  image.closest(".picture")?.querySelector("svg")?.remove();
  image.replaceWith(make("span", { class: "withheld", text: text("no-picture") }));
}

for (const image of document.querySelectorAll("img[data-instead]")) {
  image.addEventListener("error", () => replaceMissing(image));
  if (image.complete && !image.naturalWidth) replaceMissing(image);
}

// A form that asks first: what it means stands in the dialog that it names.
for (const button of document.querySelectorAll("[data-opens]")) {
  button.addEventListener("click", () => document.getElementById(button.dataset.opens).showModal());
}
for (const button of document.querySelectorAll("[data-closes]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}
