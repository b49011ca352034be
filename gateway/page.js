"use strict";
// The page is whole without this. With it the figures are asked again, and entries come as they are stored.
(() => {
  const latest = document.getElementById("latest");
  const live = document.getElementById("live");
  const MOST = 20;

  async function refresh() {
    try {
      const answer = await fetch("./", { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.getElementById("figures").replaceWith(page.getElementById("figures"));
    } catch (error) {
      live.textContent = "The gateway does not answer; the figures are old.";
    }
  }

  function show(entry) {
    const line = document.createElement("li");
    const time = document.createElement("time");
    time.dateTime = time.textContent = entry.stored_at;
    const title = document.createElement("span");
    title.lang = "vi";
    title.textContent = (entry.extraction && entry.extraction.title) || entry.key;
    line.append(`${entry.sequence} `, time, ` ${entry.kind} ${entry.source} `, title);
    latest.prepend(line);
    while (latest.children.length > MOST) latest.lastElementChild.remove();
    const none = document.getElementById("none");
    if (none) none.remove();
  }

  function listen() {
    const events = new EventSource(`v1/events?after=${encodeURIComponent(latest.dataset.cursor)}`);
    events.onopen = () => { live.textContent = "Live: entries appear as they are stored."; };
    events.onmessage = (message) => show(JSON.parse(message.data));
    events.onerror = () => { live.textContent = "Not live: trying to connect again."; };
    events.addEventListener("gap", () => location.reload());
  }

  setInterval(refresh, 5000);
  listen();
})();
