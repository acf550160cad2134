// Reads the page again every five seconds, while somebody looks at it. What is open stays open.
"use strict";
const again = async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch("/", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const open = new Set([...document.querySelectorAll("details[open]")].map((run) => run.dataset.key));
    const focused = document.activeElement?.closest("details")?.dataset.key;
    const main = page.querySelector("main");
    for (const run of main.querySelectorAll("details")) run.open = open.has(run.dataset.key);
    document.querySelector("main").replaceWith(main);
    document.querySelector("#state").replaceWith(page.querySelector("#state"));
    for (const run of main.querySelectorAll("details")) {
      if (run.dataset.key === focused) run.querySelector("summary").focus({ preventScroll: true });
    }
  } catch {
    const state = document.querySelector("#state");
    state.className = "badge bad";
    state.textContent = "no answer";
  }
};
setInterval(again, 5000);
