// A photo taken here and now: a still of the camera, or the phone's own camera where that is simpler.

import { during, tell, text } from "/static/app.js";

/** Lets a button take photos; each comes as a File. */
export function takePhotos(button, onPhoto) {
  const dialog = document.getElementById("camera");
  const video = document.getElementById("video");
  const capture = document.getElementById("capture");
  let stream = null;

  capture.addEventListener("change", () => capture.files[0] && onPhoto(capture.files[0]));
  button.addEventListener("click", async () => {
    const isPhone = matchMedia("(pointer: coarse)").matches;
    if (isPhone || !navigator.mediaDevices?.getUserMedia) {
      capture.click();
      return;
    }
    try {
      stream = await during(button, () =>
        navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } }, audio: false }),
      );
    } catch (error) {
      tell(text("no-camera", { reason: error.message }));
      return;
    }
    video.srcObject = stream;
    dialog.showModal();
    await video.play();
  });
  dialog.addEventListener("close", () => {
    stream?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  });
  document.getElementById("shoot").addEventListener("click", async () => {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95));
    dialog.close();
    onPhoto(new File([blob], "camera.jpg", { type: "image/jpeg" }));
  });
}
