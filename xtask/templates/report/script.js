// Search and links into the page, and when its flame graphs are drawn. Without it everything else can be read all the same.
// What a guest wrote is only ever set as text, never as markup.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  // Search: every word has to be somewhere in a case. Where it was found is said if it is not in sight.
  const cases = all(".case").map((element) => {
    const guest = element.closest(".guest").querySelector("h2").textContent;
    const texts = [["guest", guest]];
    for (const part of all("[data-s]", element)) texts.push([part.dataset.s, part.textContent]);
    // Each line of them begins with the kind of the function.
    for (const text of texts) if (text[0] === "function") text[1] = text[1].replace(/^. /gm, "");
    return {
      element,
      outcome: element.dataset.outcome,
      moved: "moved" in element.dataset,
      found: element.querySelector(".found"),
      texts: texts.map(([what, text]) => [what, text, text.toLowerCase()]),
    };
  });
  const IN_SIGHT = new Set(["guest", "case", "about", "outcome"]);
  const input = document.getElementById("q");
  const count = document.getElementById("count");
  const nothing = document.getElementById("nothing");
  const chips = all(".chip");
  const pressed = (chip) => chip.getAttribute("aria-pressed") === "true";

  function around(text, at, length) {
    const from = text.lastIndexOf("\n", at - 1) + 1;
    const end = text.indexOf("\n", at);
    const to = end < 0 ? text.length : end;
    const start = Math.max(from, at - 30);
    const stop = Math.min(to, at + length + 50);
    return (start > from ? "…" : "") + text.slice(start, stop).trim() + (stop < to ? "…" : "");
  }

  function matches(one, words) {
    const places = [];
    for (const word of words) {
      const hit = one.texts.find(([, , lower]) => lower.includes(word));
      if (!hit) return null;
      const [what, text, lower] = hit;
      if (!IN_SIGHT.has(what)) places.push(what + ": " + around(text, lower.indexOf(word), word.length));
    }
    return places;
  }

  // Where the words stand, in what is shown. A browser that cannot do it goes without.
  const MOST_MARKS = 2000;
  function mark(words) {
    if (!CSS.highlights) return;
    const ranges = [];
    const parts = words.length > 0 ? all(".case:not([hidden]) [data-s]:not([hidden])") : [];
    for (const part of parts) {
      const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
      while (texts.nextNode() && ranges.length < MOST_MARKS) {
        const lower = texts.currentNode.data.toLowerCase();
        // Some letters have another length in lower case, and then no place can be told.
        if (lower.length !== texts.currentNode.data.length) continue;
        for (const word of words) {
          for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + word.length)) {
            const range = new Range();
            range.setStart(texts.currentNode, at);
            range.setEnd(texts.currentNode, at + word.length);
            ranges.push(range);
          }
        }
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges));
  }

  function search() {
    const words = flame.wordsOf(input);
    const outcomes = chips.filter((chip) => pressed(chip) && chip.dataset.outcome);
    const kinds = new Set(outcomes.map((chip) => chip.dataset.outcome));
    const onlyMoved = chips.some((chip) => pressed(chip) && "moved" in chip.dataset);
    let shown = 0;
    for (const one of cases) {
      const wanted = (kinds.size === 0 || kinds.has(one.outcome)) && (!onlyMoved || one.moved);
      const places = wanted ? matches(one, words) : null;
      one.element.hidden = places === null;
      one.found.hidden = !places || places.length === 0;
      one.found.textContent = places ? places.join(" · ") : "";
      if (places !== null) shown += 1;
    }
    for (const guest of all(".guest")) guest.hidden = !guest.querySelector(".case:not([hidden])");
    count.textContent = shown + " of " + cases.length;
    nothing.hidden = shown > 0;
    mark(words);
    for (const graph of graphs) graph.find(words);
  }

  // Flame graphs are drawn when their part is opened first.
  const graphs = [];
  for (const details of all(".flame")) {
    details.addEventListener("toggle", () => {
      if (details.open && !details.dataset.drawn) {
        details.dataset.drawn = "yes";
        graphs.push(flame.draw(details, flame.wordsOf(input)));
      }
    });
  }

  // The address says what is shown: `#q=words` a search, anything else the id of a case or of a graph.
  function follow() {
    let fragment = "";
    try {
      fragment = decodeURIComponent(location.hash.slice(1));
    } catch {
      // Typed by hand and not well-formed: as if it were not there.
      return;
    }
    if (fragment.startsWith("q=")) {
      input.value = fragment.slice(2);
      search();
      return;
    }
    const target = fragment && document.getElementById(fragment);
    if (!target) return;
    if (target.closest("[hidden]")) clear();
    for (let element = target; element; element = element.parentElement) {
      if (element.tagName === "DETAILS") element.open = true;
    }
    target.scrollIntoView();
  }

  function clear() {
    input.value = "";
    for (const chip of chips) chip.setAttribute("aria-pressed", "false");
    search();
  }

  input.addEventListener("input", () => {
    history.replaceState(null, "", input.value ? "#q=" + encodeURIComponent(input.value) : "#");
    search();
  });
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(!pressed(chip)));
      search();
    });
  }
  document.getElementById("clear").addEventListener("click", clear);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/INPUT|TEXTAREA/.test(event.target.tagName)) {
      event.preventDefault();
      input.focus();
    }
  });
  window.addEventListener("hashchange", follow);
  document.querySelector(".bar").hidden = false;
  search();
  follow();
})();
