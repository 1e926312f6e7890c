// Enhancements only: every page works without this file.
"use strict";

const said = document.getElementById("said");
const say = (text) => { if (said) said.textContent = text; };

// Copy buttons.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      say("Copied");
      button.classList.add("done");
    } catch {
      say("Could not copy");
    }
  });
}

// Relative times stay true while a page is open.
const ago = (millis) => {
  const seconds = Math.floor((Date.now() - millis) / 1000);
  const span = Math.abs(seconds);
  if (span < 5) return "just now";
  const text = span < 60 ? `${span} s`
    : span < 3600 ? `${Math.floor(span / 60)} min`
    : span < 172800 ? `${Math.floor(span / 3600)} h`
    : `${Math.floor(span / 86400)} days`;
  return seconds < 0 ? `in ${text}` : `${text} ago`;
};
setInterval(() => {
  for (const node of document.querySelectorAll("[data-ago]")) {
    const text = ago(Number(node.dataset.ago));
    if (node.textContent !== text) node.textContent = text;
  }
}, 15000);

// The event types of the endpoint form: search, presets, counts, and whole families.
for (const chooser of document.querySelectorAll(".chooser")) {
  const families = [...chooser.querySelectorAll("details")];
  const boxes = [...chooser.querySelectorAll("details input")];
  const search = chooser.querySelector(".type-search");
  const chosen = chooser.querySelector(".type-count");
  const some = document.querySelector("input[name=events_mode][value=some]");

  const count = () => {
    for (const family of families) {
      const inside = [...family.querySelectorAll("input")];
      const ticked = inside.filter((box) => box.checked).length;
      family.querySelector(".count").textContent = ticked ? `${ticked} of ${inside.length}` : `${inside.length}`;
    }
    chosen.textContent = `${boxes.filter((box) => box.checked).length} chosen`;
  };
  const show = () => {
    const words = search.value.trim().toLowerCase();
    for (const family of families) {
      let any = false;
      for (const label of family.querySelectorAll(".choice")) {
        const hit = label.textContent.toLowerCase().includes(words);
        label.hidden = !hit;
        any ||= hit;
      }
      family.hidden = !any;
      family.open = words !== "" && any;
    }
    for (const heading of chooser.querySelectorAll("h3")) {
      let next = heading.nextElementSibling;
      let any = false;
      while (next && next.tagName === "DETAILS") { any ||= !next.hidden; next = next.nextElementSibling; }
      heading.hidden = !any;
    }
  };
  chooser.querySelector(".type-tools").hidden = false;
  search.addEventListener("input", show);
  search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  chooser.addEventListener("change", () => { some.checked = true; count(); });
  chooser.querySelector(".type-clear").addEventListener("click", () => {
    for (const box of boxes) box.checked = false;
    count();
    say("Nothing chosen");
  });
  for (const button of chooser.querySelectorAll("[data-preset]")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      const types = new Set(button.dataset.preset.split(" "));
      for (const box of boxes) if (types.has(box.value)) box.checked = true;
      some.checked = true;
      count();
      say(`${button.textContent.trim()}: ${types.size} types added`);
    });
  }
  count();
}

// New events are announced when asked for; rows never move by themselves.
const watch = document.getElementById("watch");
if (watch) {
  const button = watch.querySelector("button");
  const news = watch.querySelector("a");
  let timer = 0;
  watch.hidden = false;
  const look = async () => {
    if (document.hidden) return;
    try {
      const response = await fetch(watch.dataset.url, { credentials: "same-origin", redirect: "error" });
      if (!response.ok) throw new Error(response.statusText);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const rows = page.querySelectorAll("tr[data-event]").length;
      if (rows === 0) return;
      const more = page.querySelector(".pager [rel=prev]") ? "more than " : "";
      news.textContent = `${more}${rows} new ${rows === 1 ? "event" : "events"}, show`;
      news.hidden = false;
      say(news.textContent);
    } catch {
      stop();
      say("Watching stopped: the server did not answer");
    }
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    button.textContent = "Watch for new events";
    button.setAttribute("aria-pressed", "false");
  };
  button.addEventListener("click", () => {
    if (timer) return stop();
    timer = setInterval(look, 4000);
    button.textContent = "Watching, pause";
    button.setAttribute("aria-pressed", "true");
    look();
  });
}

// A replay is followed when asked for; at its end the buttons go, since they have nothing left to do.
const follow = document.getElementById("follow");
if (follow) {
  const controls = document.getElementById("live-controls");
  let timer = 0;
  follow.hidden = false;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    follow.textContent = "Follow it";
    follow.setAttribute("aria-pressed", "false");
  };
  const look = async () => {
    if (document.hidden) return;
    try {
      const response = await fetch(location.pathname, { credentials: "same-origin", redirect: "error" });
      if (!response.ok) throw new Error(response.statusText);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = document.importNode(page.getElementById("live"), true);
      document.getElementById("live").replaceWith(fresh);
      document.title = page.title;
      if ("runs" in fresh.dataset) return;
      stop();
      if (controls.contains(document.activeElement)) fresh.focus();
      controls.hidden = true;
      say(`The replay has ended: ${fresh.querySelector(".badge").textContent.trim()}`);
    } catch {
      stop();
      say("Following stopped: the server did not answer");
    }
  };
  follow.addEventListener("click", () => {
    if (timer) return stop();
    timer = setInterval(look, 2000);
    follow.textContent = "Following, pause";
    follow.setAttribute("aria-pressed", "true");
    look();
  });
}

// A form that was refused: to what is wrong.
const summary = document.querySelector("[data-focus]");
if (summary) summary.focus();
