// The CRM's side of the signed user context: the framed app asks, this page answers it alone.
// Loaded before the frame, so that even the quickest app finds somebody listening.
"use strict";

window.addEventListener("message", async (event) => {
  const frame = document.getElementById("app");
  if (event.source !== frame.contentWindow) return;
  if (!event.data || event.data.message !== "REQUEST_USER_DATA") return;
  const answer = await fetch(frame.dataset.context, { cache: "no-store" });
  if (!answer.ok) return;
  const { payload } = await answer.json();
  frame.contentWindow.postMessage({ message: "REQUEST_USER_DATA_RESPONSE", payload }, event.origin);
});
