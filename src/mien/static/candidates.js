// Candidates as cards: how strong, where from, by whose permission, and what people say of them.

import { ask, copy, during, make, tell, text } from "/static/app.js";
import { compare } from "/static/compare.js";

const MILLION = 1e6;
const TONES = { weak: "", moderate: "warn", strong: "info", "very strong": "good" };
const AT_PLACE = /^https?:/;
const NEXT_TO_NONE = 0.001;

/** Two digits are all that is known of a rate. */
function showCount(count) {
  const rounded = Number(count.toPrecision(2));
  if (rounded >= MILLION) return text("million", { count: (rounded / MILLION).toLocaleString() });
  return rounded.toLocaleString();
}

function showExpected(count) {
  if (count < NEXT_TO_NONE) return text("next-to-none");
  return count >= 10 ? Math.round(count).toLocaleString() : Number(count.toPrecision(1)).toString();
}

/** How many strangers score as high, in words; no more is claimed than the worst that is likely. */
export function showStrangers(strength) {
  if (!strength) return text("unmeasured");
  const rate = strength.is_bound ? strength.fmr_high : strength.fmr;
  const expected = (strength.expected_strangers * rate) / strength.fmr;
  const told = { rate: showCount(1 / rate), expected: showExpected(expected) };
  if (strength.is_bound) return text(expected < NEXT_TO_NONE ? "rarer-still" : "rarer", told);
  if (told.rate === "1") return text("everybody", told);
  return text(strength.is_extrapolated ? "about" : "strangers", told);
}

/** One answer: a heading where there are several, and a card for each candidate. */
export function drawAnswer(found, { isOne }) {
  const { answer, probe, number } = found;
  const section = make("section");
  if (!isOne) {
    const heading = make("h3", { text: text("for-face", { number: number + 1 }) });
    const picture = probe ? [make("img", { src: probe, alt: "" })] : [];
    section.append(make("div", { class: "answer-head", children: [...picture, heading] }));
  }
  for (const reason of answer.reasons) {
    section.append(make("p", { class: "notice warn", text: reason.explanation }));
  }
  const cards = answer.candidates.map((one) => drawCandidate(one, found));
  section.append(make("ol", { class: "candidates", children: cards }));
  return section;
}

function drawCandidate(one, { search, probe }) {
  const parts = copy("candidate");
  const { rank, strength } = one;
  const band = strength?.band || "";
  parts.rank.textContent = text("candidate", { rank });
  parts.band.textContent = text(band ? `band-${band}` : "band-unmeasured");
  if (TONES[band]) parts.band.classList.add(TONES[band]);
  parts.strangers.textContent = showStrangers(strength);
  const page = `/photos/${one.photo_id}?collection=${encodeURIComponent(search.collection)}`;
  for (const link of [parts.photo, parts.why]) link.href = page;
  parts.photo.setAttribute("aria-label", text("photo-of", { rank }));
  if (one.has_picture) {
    parts.crop.src = `/v1/faces/${one.face_id}/crop`;
  } else {
    parts.crop.remove();
    parts.withheld.hidden = false;
  }
  parts.place.replaceChildren(...drawPlaces(one.places).flatMap((place) => [place, make("br")]).slice(0, -1));
  const credit = [one.credit.caption, one.credit.credit, one.credit.copyright].filter(Boolean).join(" · ");
  parts.credit.textContent = credit;
  parts.credit.hidden = !credit;
  parts.compare.disabled = !probe || !one.has_picture;
  parts.compare.addEventListener("click", () =>
    compare({ probe, candidate: parts.crop.src, told: `${parts.rank.textContent}: ${parts.strangers.textContent}` }),
  );
  if ("mayJudge" in document.getElementById("search").dataset) new Judging(one, { search, parts }).show();
  else for (const name of ["keep", "reject", "confirm"]) parts[name].remove();
  return parts.root;
}

/** Each place by its name; a name that several have stands there once, and tells all of them. */
function drawPlaces(uris) {
  const drawn = new Map();
  for (const uri of uris) {
    const place = drawPlace(uri);
    const known = drawn.get(place.textContent);
    if (known?.title) known.title += `\n${uri}`;
    else drawn.set(place.textContent, place);
  }
  return [...drawn.values()];
}

function drawPlace(uri) {
  const last = uri.replace(/\/+$/, "").split("/").pop();
  if (AT_PLACE.test(uri)) return make("a", { href: uri, rel: "noreferrer noopener", text: uri });
  let name = last;
  try {
    name = decodeURIComponent(last);
  } catch {
    // A name that is not UTF-8 is shown as it is written in the address.
  }
  return make("span", { text: name, title: uri });
}

/** What is said of one candidate: pressing a button again takes it back. */
class Judging {
  constructor(candidate, { search, parts }) {
    this.candidate = candidate;
    this.search = search;
    this.parts = parts;
    this.opinion = candidate.opinion;
    for (const name of ["keep", "reject", "confirm"]) {
      parts[name].addEventListener("click", () => this.judge(parts[name]));
    }
  }

  async judge(button) {
    const kind = button.dataset.judges;
    const isTakenBack = this.opinion?.mine === kind;
    try {
      await during(button, async () => {
        if (isTakenBack) {
          await ask(`/v1/judgements/${this.opinion.judgement_id}`, { method: "DELETE" });
          const counted = { confirmed: "confirmed_by", rejected: "rejected_by" }[kind];
          this.opinion = { ...this.opinion, mine: null, judgement_id: "" };
          if (counted) this.opinion[counted] -= 1;
        } else {
          const json = { search_id: this.search.search_id, face_id: this.candidate.face_id, kind };
          const said = await ask("/v1/judgements", { method: "POST", json });
          this.opinion = { ...said.opinion, mine: kind, judgement_id: said.judgement_id };
        }
      });
      tell(text(isTakenBack ? "told-withdrawn" : `told-${kind}`));
    } catch (problem) {
      tell(problem.message);
    }
    this.show();
  }

  show() {
    const { mine, confirmed_by: count = 0, rejected_by: against = 0, needed = 1 } = this.opinion || {};
    for (const name of ["keep", "reject", "confirm"]) {
      const button = this.parts[name];
      button.setAttribute("aria-pressed", String(mine === button.dataset.judges));
    }
    this.parts.root.classList.toggle("rejected", against > 0);
    const badge = this.parts.opinion;
    badge.className = "badge";
    badge.hidden = !count && !against;
    if (against) {
      badge.textContent = text("rejected");
      badge.classList.add("bad");
    } else if (count >= needed) {
      badge.textContent = text("confirmed");
      badge.classList.add("good");
    } else {
      badge.textContent = text("confirmed-by", { count, needed });
      badge.classList.add("info");
    }
  }
}
