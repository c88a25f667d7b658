// Forms with a file: sent with the session's token, which a form of that kind cannot carry itself.
import { Problem, during, make, showProblem, text, token } from "/static/app.js";

/** Posts with the token; what cannot be reached or answers with no page is a problem. */
async function post(path, body, accept) {
  const headers = { "X-CSRF-Token": token(), Accept: accept };
  return fetch(path, { method: "POST", body, headers }).catch(() => {
    throw new Problem({ detail: text("unreachable") }, 0);
  });
}

async function tellProblem(answer, said) {
  let details = {};
  try {
    details = JSON.parse(said);
  } catch {
    // no problem details: the plain sentence for what failed is told
  }
  throw new Problem(details, answer.status);
}

/** What a page that is no form says, as a problem: the form stays as it was filled in. */
function tellPage(main, status) {
  const said = main.querySelector(".lead, .reasons li")?.firstChild;
  throw new Problem({ detail: said?.textContent.trim() }, status);
}

/** Sends the form, then goes where the server says, or shows the form it answered with. */
async function send(form) {
  const answer = await post(form.action, new FormData(form), "text/html");
  if (answer.redirected && new URL(answer.url).pathname === "/sign-in") {
    throw new Problem({ detail: text("signed-out") }, 0);
  }
  if (answer.redirected) return location.assign(answer.url);
  const said = await answer.text();
  const main = new DOMParser().parseFromString(said, "text/html").querySelector("main");
  if (!main) return tellProblem(answer, said);
  if (!main.querySelector("form[data-sends]")) return tellPage(main, answer.status);
  const files = [...form.querySelectorAll('input[type="file"]')];
  const face = form.querySelector('input[name="face"]')?.value || "";
  document.querySelector("main").replaceWith(main);
  keepFiles(files);
  prepare(face);
  const wrong = document.querySelector('[role="alert"]');
  wrong?.setAttribute("tabindex", "-1");
  wrong?.focus();
}

/** A file that was chosen stays chosen, as what was typed does. */
function keepFiles(files) {
  for (const old of files) {
    const now = document.querySelector(`input[type="file"][name="${old.name}"]`);
    if (now && old.files.length) now.files = old.files;
  }
}

function prepare(face = "") {
  for (const form of document.querySelectorAll("form[data-sends]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = event.submitter || form.querySelector('[type="submit"]');
      try {
        await during(button, () => send(form));
      } catch (error) {
        showProblem(placeIn(form), error);
      }
    });
  }
  for (const chooser of document.querySelectorAll("[data-faces]")) prepareFaces(chooser, face);
}

/** Where a problem with the sending itself is told: above the form's first question. */
function placeIn(form) {
  const known = form.querySelector("[data-part=problem]");
  if (known) return known;
  form.prepend(make("div", { "data-part": "problem" }));
  return form.firstElementChild;
}

/** Shows a photo that was chosen, with a button on every face: which of them is meant? */
function prepareFaces(chooser, before) {
  const input = chooser.querySelector('input[type="file"]');
  const place = chooser.querySelector("[data-part=faces]");
  const field = chooser.querySelector('input[name="face"]');
  const look = async (chosen) => {
    place.replaceChildren();
    field.value = "";
    const photo = input.files[0];
    if (!photo) return;
    place.append(make("p", { text: text("looking"), class: "hint", role: "status" }));
    const body = new FormData();
    body.append("photo", photo);
    try {
      const answer = await post(chooser.dataset.faces, body, "application/json");
      const said = await answer.text();
      if (input.files[0] !== photo) return; // another was chosen meanwhile
      if (!answer.ok) await tellProblem(answer, said);
      place.replaceChildren();
      showFaces(place, field, { photo, faces: JSON.parse(said).faces });
      if (chosen) place.querySelectorAll("button")[Number(chosen)]?.click();
    } catch (error) {
      place.replaceChildren(make("p", { text: error.message, class: "error", role: "alert" }));
    }
  };
  input.addEventListener("change", () => look(""));
  if (input.files.length) look(before);
}

function showFaces(place, field, { photo, faces }) {
  const texts = place.dataset;
  const said = faces.length === 0 ? texts.none : faces.length === 1 ? texts.one : texts.several;
  place.append(make("p", { text: said, role: "status", class: faces.length ? "hint" : "error" }));
  const picture = make("img", { alt: texts.photo, src: URL.createObjectURL(photo) });
  const frame = make("div", { class: "faces", children: [picture] });
  faces.forEach((box, number) => {
    const label = texts.face.replace("{number}", number + 1);
    const button = make("button", { type: "button", class: "face-box", "aria-label": label, "aria-pressed": "false" });
    for (const side of ["left", "top", "width", "height"]) button.style[side] = `${box[side] * 100}%`;
    button.addEventListener("click", () => choose(frame, field, { button, number }));
    frame.append(button);
  });
  place.append(frame);
  if (faces.length === 1) frame.querySelector("button").click();
}

function choose(frame, field, { button, number }) {
  for (const one of frame.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one === button));
  field.value = number;
}

prepare();
