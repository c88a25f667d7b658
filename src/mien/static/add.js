// Adding photos: chosen or dropped, sent a batch at a time, and followed until they are in.

import { ask, during, make, Problem, showProblem, tell, text, token } from "/static/app.js";
import { RunCard } from "/static/runs.js";

const form = document.getElementById("add");
const grants = JSON.parse(form?.dataset.grants || "[]");
const limits = JSON.parse(form?.dataset.limits || "{}");
const PHOTO = /\.(jpe?g|png|webp|heic|heif|avif|tiff?|gif)$/i;
const A_BATCH = { files: 200, bytes: 256 << 20 };
const NEW = "\u0000new";
let sending = 0; // batches on their way

// The rest of what is being sent would be lost.
addEventListener("beforeunload", (event) => sending && event.preventDefault());

function field(id) {
  return document.getElementById(id);
}

function chosenGrant() {
  return grants.find((one) => one.id === field("grant").value) || grants[0];
}

function fillTerms() {
  const { shelves, collections } = chosenGrant();
  field("shelf").replaceChildren(...shelves.map((one) => make("option", { text: one })));
  field("shelf-field").hidden = shelves.length < 2;
  field("from-here").hidden = !shelves.length;
  field("no-shelf").hidden = shelves.length > 0;
  const options = collections.map((one) => make("option", { value: one, text: one }));
  if ("mayMake" in form.dataset) options.push(make("option", { value: NEW, text: text("new-collection") }));
  field("collection").replaceChildren(...options);
  showNew();
}

function showNew() {
  field("new-field").hidden = field("collection").value !== NEW;
}

/** Into which collection; nothing, and it is said why, where none is named. */
function findCollection() {
  const { value } = field("collection");
  if (!value) return tell(text("no-collection"));
  if (value !== NEW) return value;
  const name = field("new-collection").value.trim();
  if (!name) {
    tell(text("no-name"));
    field("new-collection").focus();
  }
  return name;
}

function* cutIntoBatches(photos) {
  const most = { files: Math.min(A_BATCH.files, limits.files), bytes: Math.min(A_BATCH.bytes, limits.bytes * 0.9) };
  let batch = [];
  let bytes = 0;
  for (const photo of photos) {
    if (batch.length && (batch.length >= most.files || bytes + photo.size > most.bytes)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(photo);
    bytes += photo.size;
  }
  if (batch.length) yield batch;
}

/** Sends a batch; `onSent` hears which share of it is on its way. Only XMLHttpRequest tells that. */
function send(batch, fields, onSent) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value) body.set(name, value);
  for (const photo of batch) body.append("photos", photo, photo.name);
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/uploads");
    request.setRequestHeader("X-CSRF-Token", token());
    request.setRequestHeader("Idempotency-Key", crypto.randomUUID?.() || String(Math.random()));
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => onSent(event.loaded / event.total));
    request.addEventListener("load", () =>
      request.status < 300 ? done(request.response) : fail(new Problem(request.response || {}, request.status)),
    );
    request.addEventListener("error", () => fail(new Problem({ detail: text("broken-off") }, 0)));
    request.send(body);
  });
}

function makeCard() {
  const place = make("div", { class: "run-place" });
  field("run-list").prepend(place);
  field("runs").hidden = false;
  return new RunCard(place);
}

async function addPhotos(files) {
  const photos = files.filter((one) => one.type.startsWith("image/") || PHOTO.test(one.name));
  showProblem(field("add-problem"), null);
  if (!photos.length) return tell(text("no-photos"));
  const collection = findCollection();
  if (!collection) return undefined;
  if (photos.length < files.length) tell(text("left-behind", { count: files.length - photos.length }));
  const grant = chosenGrant();
  const fields = { grant: grant.id, collection, quality: field("quality").value, shelf: grant.shelves.length > 1 ? field("shelf").value : "" };
  for (const batch of cutIntoBatches(photos)) {
    const card = makeCard();
    card.showSending(0, batch.length);
    card.parts.root.scrollIntoView({ block: "nearest" });
    sending += 1;
    try {
      const run = await send(batch, fields, (share) => card.showSending(Math.floor(share * batch.length), batch.length));
      keepCollection(collection);
      follow(card, run.run_id);
    } catch (problem) {
      card.parts.root.remove();
      showProblem(field("add-problem"), problem);
      break;
    } finally {
      sending -= 1;
    }
  }
  return undefined;
}

/** A collection that was new is one to choose from now on. */
function keepCollection(name) {
  const grant = chosenGrant();
  if (!grant.collections.includes(name)) grant.collections.push(name);
  fillTerms();
  field("collection").value = name;
  showNew();
}

async function follow(card, runId) {
  try {
    await card.follow(runId);
  } catch (problem) {
    tell(problem.message);
  }
}

async function addFolder() {
  const collection = findCollection();
  if (!collection) return;
  showProblem(field("add-problem"), null);
  const json = { kind: "add-folder", grant: chosenGrant().id, collection, folders: [field("server-folder").value], quality: field("quality").value };
  try {
    const run = await ask("/v1/runs", { method: "POST", json });
    keepCollection(collection);
    follow(makeCard(), run.run_id);
  } catch (problem) {
    showProblem(field("add-problem"), problem);
  }
}

/** Every file that was dropped, those in folders too. */
async function readDropped(items) {
  const entries = [...items].map((one) => one.webkitGetAsEntry?.()).filter(Boolean);
  const files = [];
  while (entries.length) {
    const entry = entries.shift();
    if (entry.isFile) {
      files.push(await new Promise((done, fail) => entry.file(done, fail)));
    } else {
      const reader = entry.createReader();
      let some;
      do {
        some = await new Promise((done, fail) => reader.readEntries(done, fail));
        entries.push(...some);
      } while (some.length);
    }
  }
  return files;
}

function listen() {
  field("grant").addEventListener("change", fillTerms);
  field("collection").addEventListener("change", showNew);
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const id of ["files", "folder"]) {
    const take = async () => {
      await addPhotos([...field(id).files]);
      field(id).value = "";
    };
    field(id).addEventListener("change", take);
    if (field(id).files.length) take(); // chosen before this script was there
  }
  field("add-folder")?.addEventListener("click", (event) => during(event.currentTarget, addFolder));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    const dropped = readDropped(event.dataTransfer.items);
    addPhotos(await dropped);
  });
}

if (form) {
  fillTerms();
  listen();
}
for (const place of document.querySelectorAll("[data-run]")) follow(new RunCard(place), place.dataset.run);
