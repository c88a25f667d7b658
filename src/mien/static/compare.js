// Two faces at the same scale, side by side and one over the other.

const dialog = document.getElementById("compare");
const cut = document.getElementById("cut");
const layers = dialog?.querySelector(".layers");

cut?.addEventListener("input", () => layers.style.setProperty("--cut", `${cut.value}%`));

/** Opens the comparison of two pictures, cut the same way. */
export function compare({ probe, candidate, told }) {
  for (const [id, source] of [["compare-probe", probe], ["over-probe", probe], ["compare-candidate", candidate], ["over-candidate", candidate]]) {
    document.getElementById(id).src = source;
  }
  document.getElementById("compare-told").textContent = told;
  cut.value = 50;
  layers.style.setProperty("--cut", "50%");
  dialog.showModal();
}
