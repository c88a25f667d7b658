// The photo that is searched with: dropped, pasted, chosen or taken, and its faces to choose from.

import { ask, make, showProblem, text } from "/static/app.js";
import { takePhotos } from "/static/camera.js";

const MARGIN = 0.25; // around a face, in sides of it: as crops of candidates are cut

/** The photo, the faces found in it, and the numbers of those chosen; `terms` says what for. */
export class Probe {
  constructor(terms) {
    this.photo = null;
    this.faces = [];
    this.chosen = new Set();
    this.size = [1, 1];
    this.terms = terms;
    this.image = document.getElementById("probe-photo");
    this.listen();
  }

  listen() {
    const drop = document.getElementById("drop");
    const input = document.getElementById("photo");
    input.addEventListener("change", () => input.files[0] && this.use(input.files[0]));
    document.getElementById("another").addEventListener("click", () => this.clear());
    takePhotos(document.getElementById("take"), (photo) => this.use(photo));
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      document.body.classList.add("dropping");
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dropping");
    });
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      document.body.classList.remove("dropping");
      if (event.dataTransfer.files[0]) this.use(event.dataTransfer.files[0]);
    });
    document.addEventListener("paste", (event) => {
      const photo = [...event.clipboardData.files].find((one) => one.type.startsWith("image/"));
      if (photo) this.use(photo);
    });
    this.drop = drop;
    if (input.files[0]) this.use(input.files[0]); // chosen before this script was there
  }

  clear() {
    this.photo = null;
    this.faces = [];
    this.chosen.clear();
    URL.revokeObjectURL(this.image.src);
    this.image.removeAttribute("src");
    this.show(false);
    document.getElementById("photo").value = "";
    document.getElementById("photo").focus();
  }

  show(isThere) {
    this.drop.hidden = isThere;
    document.getElementById("probe").hidden = !isThere;
  }

  /** Shows the photo, and asks where the faces in it are. */
  async use(photo) {
    this.photo = photo;
    this.faces = [];
    this.chosen.clear();
    this.draw();
    this.show(true);
    this.say(text("looking"));
    const problem = document.getElementById("probe-problem");
    showProblem(problem, null);
    const shown = this.load(photo);
    const form = new FormData();
    const { collection, purpose } = this.terms();
    form.set("collection", collection);
    form.set("purpose", purpose);
    form.set("photo", photo);
    try {
      const found = await ask("/v1/probes", { method: "POST", form });
      await shown;
      if (this.photo !== photo) return;
      this.size = [found.width_px, found.height_px];
      this.faces = found.faces;
      if (this.faces.length) this.chosen.add(0);
      this.draw();
      this.tellFaces();
    } catch (error) {
      this.say("");
      showProblem(problem, error);
    }
  }

  /** Not every browser shows every kind of photo: then there are boxes on an empty ground. */
  async load(photo) {
    URL.revokeObjectURL(this.image.src);
    this.image.src = URL.createObjectURL(photo);
    const picture = document.getElementById("picture");
    picture.classList.remove("unseen");
    await this.image.decode().catch(() => picture.classList.add("unseen"));
  }

  draw() {
    const [width, height] = this.size;
    const boxes = this.faces.map((face) => {
      const { x1, y1, x2, y2 } = face.box;
      const flaws = face.quality.flaws.map((one) => one.replaceAll("-", " ")).join(", ");
      const number = face.number + 1;
      const button = make("button", {
        type: "button",
        "data-number": number,
        "aria-pressed": String(this.chosen.has(face.number)),
        "aria-label": text(flaws ? "poor" : "face", { number, flaws }),
      });
      button.style.left = `${(100 * x1) / width}%`;
      button.style.top = `${(100 * y1) / height}%`;
      button.style.width = `${(100 * (x2 - x1)) / width}%`;
      button.style.height = `${(100 * (y2 - y1)) / height}%`;
      button.addEventListener("click", () => this.toggle(face.number, button));
      return button;
    });
    document.getElementById("boxes").replaceChildren(...boxes);
  }

  toggle(number, button) {
    if (!this.chosen.delete(number)) this.chosen.add(number);
    button.setAttribute("aria-pressed", String(this.chosen.has(number)));
    this.tellFaces();
  }

  tellFaces() {
    const count = this.faces.length;
    const told = [text(["no-face", "one-face"][count] || "many-faces", { count })];
    const flaws = this.faces.filter((face) => this.chosen.has(face.number)).flatMap((face) => face.quality.flaws);
    if (flaws.length) {
      told.push(text("poorly-seen", { flaws: [...new Set(flaws)].join(", ").replaceAll("-", " ") }));
    }
    this.say(told.join(" "));
  }

  say(message) {
    document.getElementById("faces-told").textContent = message;
  }

  /** A picture of one of the faces, cut as those of candidates are; empty where none can be made. */
  crop(number) {
    const face = this.faces[number];
    const image = this.image;
    if (!face || !image.naturalWidth) return "";
    const scale = image.naturalWidth / this.size[0];
    const [x1, y1, x2, y2] = ["x1", "y1", "x2", "y2"].map((edge) => face.box[edge] * scale);
    const half = Math.max(x2 - x1, y2 - y1) * (0.5 + MARGIN);
    const left = Math.max(0, (x1 + x2) / 2 - half);
    const top = Math.max(0, (y1 + y2) / 2 - half);
    const width = Math.min(image.naturalWidth, (x1 + x2) / 2 + half) - left;
    const height = Math.min(image.naturalHeight, (y1 + y2) / 2 + half) - top;
    const canvas = document.createElement("canvas");
    const fit = 320 / Math.max(width, height);
    canvas.width = Math.round(width * fit);
    canvas.height = Math.round(height * fit);
    canvas.getContext("2d").drawImage(image, left, top, width, height, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/jpeg", 0.9);
  }
}
