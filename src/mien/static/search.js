// The search page: terms, one search for each face that is looked for, and what is taken along.

import { ask, during, make, showProblem, tell, text, token } from "/static/app.js";
import { drawAnswer } from "/static/candidates.js";
import { Probe } from "/static/probe.js";

const form = document.getElementById("search");
const terms = JSON.parse(form?.dataset.terms || "[]");
const results = document.getElementById("results");
const searched = []; // the searches whose answers are shown

function field(id) {
  return document.getElementById(id);
}

function chosenTerms() {
  return terms.find((one) => one.collection === field("collection").value) || terms[0];
}

function fillTerms() {
  const { purposes, sources } = chosenTerms();
  field("purpose").replaceChildren(...purposes.map((one) => make("option", { text: one })));
  const everybody = field("source").options[0];
  const options = sources.map((one) => make("option", { value: one.id, text: one.name }));
  field("source").replaceChildren(everybody, ...options);
}

/** When a day begins, in UTC, or one so many days later. */
function beginOf(day, later = 0) {
  if (!day) return "";
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + later);
  return at.toISOString();
}

/** What every search of this form asks for, as fields of the interface. */
function askedFor() {
  const fields = {
    collection: field("collection").value,
    purpose: field("purpose").value,
    reason: field("reason").value.trim(),
    limit: field("limit").value,
    max_fmr: field("max-fmr").value,
    grant: field("source").value,
    added_from: beginOf(field("since").value),
    added_before: beginOf(field("until").value, 1),
    shows_rejected: field("rejected").checked ? "true" : "",
  };
  return Object.entries(fields).filter(([, value]) => value !== "");
}

/** Asks for one face of the photo, or for all of them at once. */
function searchPhoto(probe, which) {
  const sent = new FormData();
  for (const [name, value] of [...askedFor(), ...Object.entries(which)]) sent.set(name, value);
  sent.set("photos", probe.photo);
  return ask("/v1/searches", { method: "POST", form: sent });
}

/** Each answer with the search that it is of, and a picture of the face that was looked for. */
async function searchChosen(probe) {
  const numbers = [...probe.chosen].sort((one, other) => one - other);
  const isAll = numbers.length > 1 && numbers.length === probe.faces.length;
  const asked = isAll ? [{ faces: "all" }] : numbers.map((face) => ({ face }));
  const found = [];
  for (const which of asked) {
    const search = await searchPhoto(probe, which);
    for (const answer of search.answers) {
      const number = answer.probes[0]?.searched ?? which.face;
      found.push({ search, answer, number, probe: probe.crop(number) });
    }
  }
  return found;
}

async function searchStored(faceId) {
  const json = { ...Object.fromEntries(askedFor()), face_id: faceId };
  const search = await ask("/v1/searches", { method: "POST", json });
  return search.answers.map((answer) => ({ search, answer, number: 0, probe: field("stored-face").src }));
}

function showAnswers(found) {
  const isOne = found.length === 1;
  field("answers").replaceChildren(...found.map((one) => drawAnswer(one, { isOne })));
  searched.splice(0, searched.length, ...new Set(found.map(({ search }) => search.search_id)));
  const count = found.reduce((sum, { answer }) => sum + answer.candidates.length, 0);
  const rejected = found.reduce((sum, { answer }) => sum + answer.rejected, 0);
  const faces = (found[0]?.search.faces_searched ?? 0).toLocaleString();
  const told = [text(count ? "found" : "found-none", { count, faces })];
  if (rejected) told.push(text("left-out", { count: rejected }));
  field("results-told").textContent = told.join(" ");
  const mayJudge = count > 0 && "mayJudge" in form.dataset;
  field("export").hidden = !mayJudge;
  if (field("judging")) field("judging").hidden = !mayJudge;
}

async function search(probe) {
  const faceId = form.dataset.face;
  if (!faceId && !probe.photo) return tell(text("no-photo"));
  if (!faceId && !probe.chosen.size) return tell(text("no-choice"));
  results.hidden = false;
  showProblem(field("results-problem"), null);
  field("answers").replaceChildren();
  field("results-told").textContent = "";
  field("export").hidden = true;
  try {
    showAnswers(await (faceId ? searchStored(faceId) : searchChosen(probe)));
  } catch (problem) {
    showProblem(field("results-problem"), problem);
  }
  results.scrollIntoView({ block: "start" });
  field("results-heading").focus({ preventScroll: true });
}

/** Each search is taken along on its own: what was kept of it, as a file. */
async function takeAlong(shape) {
  for (const searchId of searched) {
    const answer = await fetch("/v1/exports", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": token() },
      body: JSON.stringify({ search_id: searchId, form: shape === "csv" ? "csv" : "html" }),
    }).catch(() => null);
    if (!answer) {
      tell(text("unreachable"));
      return;
    }
    if (!answer.ok) {
      const said = await answer.json().catch(() => null); // a proxy may answer with a page
      tell(said?.detail || text("failed"));
      continue;
    }
    const address = URL.createObjectURL(await answer.blob());
    make("a", { href: address, download: shape === "csv" ? "candidates.csv" : "candidates.html" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }
}

if (form) {
  fillTerms();
  const probe = form.dataset.face ? null : new Probe(() => ({ collection: field("collection").value, purpose: field("purpose").value }));
  field("collection").addEventListener("change", fillTerms);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    during(field("go"), () => search(probe));
  });
  field("go").disabled = false; // before that, the form would be sent as no search can be
  for (const button of document.querySelectorAll("[data-export]")) {
    button.addEventListener("click", () => during(button, () => takeAlong(button.dataset.export)));
  }
}
