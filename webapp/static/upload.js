// Updates the progress of an upload or a simulation once a second, and loads the page again when it is done. Without
// JavaScript the page has a link for that.
"use strict";
const progress = document.getElementById("progress");
const text = document.getElementById("progress-text");

async function update() {
  try {
    const answer = await fetch(progress.dataset.url, { redirect: "error" });
    if (!answer.ok) throw new Error(answer.status);
    const { is_processed, decided, total } = await answer.json();
    if (is_processed) return location.reload();
    if (total) {
      progress.max = total;
      progress.value = decided;
      text.textContent = progress.dataset.text.replace("{decided}", decided).replace("{total}", total);
    }
  } catch {
    // signed out, or no connection: the page says what to do when it is loaded again
    return location.reload();
  }
  setTimeout(update, 1000);
}

if (progress) setTimeout(update, 1000);
