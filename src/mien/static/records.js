// Forms with a file: sent with the session's token, which a form of that kind cannot carry itself.
import { during, make, showProblem, token } from "/static/app.js";

/** Sends the form, then goes where the server says, or shows the page it answered with. */
async function send(form, button) {
  const sent = { method: "POST", body: new FormData(form), headers: { "X-CSRF-Token": token(), Accept: "text/html" } };
  const answer = await fetch(form.action, sent);
  if (answer.redirected) return location.assign(answer.url);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const files = [...form.querySelectorAll('input[type="file"]')];
  document.querySelector("main").replaceWith(page.querySelector("main"));
  keepFiles(files);
  prepare();
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

function prepare() {
  for (const form of document.querySelectorAll("form[data-sends]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = event.submitter || form.querySelector('[type="submit"]');
      try {
        await during(button, () => send(form, button));
      } catch (error) {
        const place = make("div");
        form.prepend(place);
        showProblem(place, error);
      }
    });
  }
  for (const chooser of document.querySelectorAll("[data-faces]")) prepareFaces(chooser);
}

/** Shows a photo that was chosen, with a button on every face: which of them is meant? */
function prepareFaces(chooser) {
  const input = chooser.querySelector('input[type="file"]');
  const place = chooser.querySelector("[data-part=faces]");
  const field = chooser.querySelector('input[name="face"]');
  const look = async () => {
    place.replaceChildren();
    field.value = "";
    if (!input.files.length) return;
    const body = new FormData();
    body.append("photo", input.files[0]);
    const headers = { "X-CSRF-Token": token(), Accept: "application/json" };
    const answer = await fetch(chooser.dataset.faces, { method: "POST", body, headers });
    const told = await answer.json();
    if (!answer.ok) return showFault(place, told.detail);
    showFaces(place, field, { photo: input.files[0], faces: told.faces });
  };
  input.addEventListener("change", look);
  if (input.files.length) look();
}

function showFault(place, detail) {
  place.append(make("p", { text: detail, class: "error", role: "alert" }));
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
