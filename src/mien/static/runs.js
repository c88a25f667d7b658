// A run as a card: how far it has come, told live, and what became of it.

import { ask, copy, during, make, tell, text } from "/static/app.js";

const TONES = { done: "good", failed: "bad", cancelled: "warn", "cut-short": "bad" };
const ENDED = new Set(Object.keys(TONES));

function total(counts) {
  return Object.values(counts).reduce((sum, one) => sum + one, 0);
}

function showLeft(seconds) {
  const name = seconds < 90 ? "seconds" : "minutes";
  return text(name, { count: Math.ceil(name === "seconds" ? seconds : seconds / 60) });
}

/** A card in a place of the page. */
export class RunCard {
  constructor(place) {
    this.parts = copy("run");
    this.run = null;
    place.replaceChildren(this.parts.root);
    this.parts.cancel.addEventListener("click", () => during(this.parts.cancel, () => this.cancel()));
  }

  /** Before there is a run: photos on their way. */
  showSending(sent, count) {
    const { title, state, bar, told, cancel, counts } = this.parts;
    title.textContent = text("sent-title");
    state.textContent = text("state-sending");
    bar.value = count ? sent / count : 0;
    bar.setAttribute("aria-label", text("state-sending"));
    told.textContent = text("sending", { sent, total: count });
    cancel.hidden = true;
    counts.hidden = true;
  }

  async cancel() {
    try {
      this.show(await ask(`/v1/runs/${this.run.run_id}`, { method: "DELETE" }));
    } catch (problem) {
      tell(problem.message);
    }
  }

  /** Follows a run to its end; the browser asks again by itself where the connection breaks. */
  async follow(runId) {
    this.show(await ask(`/v1/runs/${runId}`));
    if (ENDED.has(this.run.state)) return;
    const events = new EventSource(`/v1/runs/${runId}/events`);
    await new Promise((done) => {
      events.addEventListener("progress", (event) => this.show(JSON.parse(event.data)));
      events.addEventListener("end", (event) => {
        events.close();
        this.show(JSON.parse(event.data));
        done();
      });
    });
  }

  show(run) {
    this.run = run;
    const { title, when, state, bar, told, cancel, see } = this.parts;
    const { progress } = run;
    const isEnded = ENDED.has(run.state);
    title.textContent = text("run-title", { collection: run.collection });
    when.textContent = new Date(run.asked_at).toLocaleString();
    state.textContent = text(`state-${run.state}`);
    state.className = `badge ${TONES[run.state] || "info"}`;
    bar.hidden = isEnded;
    bar.setAttribute("aria-label", title.textContent);
    if (progress.total) bar.value = progress.met / progress.total;
    else bar.removeAttribute("value");
    const said = progress.total === null ? [] : [text("met", { met: progress.met, total: progress.total })];
    if (progress.seconds_left) said.push(text("left", { left: showLeft(progress.seconds_left) }));
    told.textContent = said.join(", ");
    cancel.hidden = isEnded;
    see.hidden = !isEnded;
    see.href = `/photos?collection=${encodeURIComponent(run.collection)}`;
    this.showCounts(progress);
    this.showReport(run);
  }

  showCounts(progress) {
    const { counts } = this.parts;
    const told = {
      new: progress.new,
      known: progress.known,
      faces: progress.faces,
      dropped: total(progress.dropped),
      refused: total(progress.refused),
      failed: progress.failed,
    };
    const shown = Object.entries(told).filter(([name, count]) => count || name === "new" || name === "faces");
    counts.hidden = false;
    counts.replaceChildren(
      ...shown.map(([name, count]) =>
        make("div", { children: [make("dt", { text: text(`count-${name}`) }), make("dd", { text: count.toLocaleString() })] }),
      ),
    );
  }

  showReport(run) {
    const { report } = this.parts;
    if (!run.report) return;
    const { failed, message } = run.report;
    const meaning = new Map(run.report.reasons.map(({ code, explanation }) => [code, explanation || code]));
    const because = (name, counts) =>
      Object.entries(counts).map(([code, count]) => make("li", { text: text(name, { count, reason: meaning.get(code) || code }) }));
    const reasons = [...because("refused-photos", run.progress.refused), ...because("dropped-faces", run.progress.dropped)];
    const children = [];
    if (message) children.push(make("p", { text: message }));
    if (reasons.length) children.push(make("ul", { children: reasons }));
    if (failed.length) {
      const rows = failed.map((one) => make("li", { text: `${one.name}: ${one.reason.replaceAll("-", " ")}` }));
      const list = make("ul", { class: "failed-list", tabindex: "0", children: rows });
      children.push(make("details", { children: [make("summary", { text: text("failed-files") }), list] }));
    }
    report.hidden = !children.length;
    report.className = message ? "notice warn" : "";
    report.replaceChildren(...children);
  }
}
