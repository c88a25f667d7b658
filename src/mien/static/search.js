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

/** What every search of this form asks for, as fields of the interface. */
function askedFor() {
  const fields = {
    collection: field("collection").value,
    purpose: field("purpose").value,
    reason: field("reason").value.trim(),
    limit: field("limit").value,
    max_fmr: field("max-fmr").value,
    source: field("source").value,
    added_after: field("since").value,
    added_before: field("until").value,
    show_rejected: field("rejected").checked ? "true" : "",
  };
  return Object.entries(fields).filter(([, value]) => value !== "");
}

async function searchFace(number, probe) {
  const sent = new FormData();
  for (const [name, value] of askedFor()) sent.set(name, value);
  sent.set("face", number);
  sent.set("photo", probe.photo);
  return ask("/v1/searches", { method: "POST", form: sent });
}

async function searchStored(faceId) {
  const sent = Object.fromEntries(askedFor());
  return ask("/v1/searches", { method: "POST", json: { ...sent, face_id: faceId } });
}

function showAnswers(found) {
  const { confirmations } = chosenTerms();
  const grantors = new Map(terms.flatMap((one) => one.sources.map(({ id, name }) => [id, name])));
  const isOne = found.length === 1;
  const drawn = found.map(({ answer, probe, number }) =>
    drawAnswer(answer, { probe, number: isOne ? null : number, grantors, canConfirm: confirmations > 0 }),
  );
  field("answers").replaceChildren(...drawn);
  searched.splice(0, searched.length, ...found.map(({ answer }) => answer.search_id));
  const sum = (name) => found.reduce((total, { answer }) => total + (answer[name]?.length ?? answer[name] ?? 0), 0);
  const told = [
    text(sum("candidates") ? "found" : "found-none", {
      count: sum("candidates"),
      faces: (found[0]?.answer.faces_searched ?? 0).toLocaleString(),
    }),
  ];
  if (sum("rejected")) told.push(text("left-out", { count: sum("rejected") }));
  field("results-told").textContent = told.join(" ");
  field("export").hidden = !sum("candidates");
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
    const found = [];
    if (faceId) {
      found.push({ answer: await searchStored(faceId), probe: field("stored-face").src, number: null });
    } else {
      for (const number of [...probe.chosen].sort((a, b) => a - b)) {
        found.push({ answer: await searchFace(number, probe), probe: probe.crop(number), number });
      }
    }
    showAnswers(found);
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
    });
    if (!answer.ok) {
      tell((await answer.json()).detail || text("failed"));
      continue;
    }
    const address = URL.createObjectURL(await answer.blob());
    make("a", { href: address, download: shape === "csv" ? "candidates.csv" : "candidates.html" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }
}

if (form) {
  fillTerms();
  const probe = form.dataset.face ? null : new Probe({ terms: () => ({ collection: field("collection").value, purpose: field("purpose").value }), onChange: () => {} });
  field("collection").addEventListener("change", fillTerms);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    during(field("go"), () => search(probe));
  });
  for (const button of document.querySelectorAll("[data-export]")) {
    button.addEventListener("click", () => during(button, () => takeAlong(button.dataset.export)));
  }
}
