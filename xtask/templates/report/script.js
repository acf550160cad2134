"use strict";
// Search, links into the page, and flame graphs. Without it everything else can be read all the same.
// What a guest wrote is only ever set as text, never as markup.
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
  const percent = (part, whole) => {
    const share = (100 * part) / Math.max(1, whole);
    return part > 0 && share < 0.05 ? "< 0.1 %" : share.toFixed(1) + " %";
  };

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
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
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

  // Flame graphs: the tree is read and drawn when its part is opened first.
  const graphs = [];
  const ROW = 22;

  function read(details) {
    const lines = (name) => details.querySelector(name).textContent.trim().split("\n");
    const names = lines(".functions").map((line) => ({ kind: line[0], name: line.slice(2) }));
    const nodes = lines(".nodes").map((line) => {
      const [parent, of, calls, own] = line.trim().split(" ");
      return { parent, ...names[of], calls: +calls, own: +own, total: +own, depth: 1, children: [] };
    });
    const root = { kind: "o", name: "all", calls: 1, own: 0, total: 0, depth: 0, children: [] };
    for (const node of nodes) {
      node.parent = node.parent === "-" ? root : nodes[node.parent];
      node.depth = node.parent.depth + 1;
      node.parent.children.push(node);
    }
    for (const node of nodes.reverse()) node.parent.total += node.total;
    for (const node of nodes) node.children.sort((a, b) => b.total - a.total);
    root.children.sort((a, b) => b.total - a.total);
    return root;
  }

  // As other tools take them: names from the outside in, then the fuel used there.
  function folded(root) {
    const lines = [];
    const walk = (node, path) => {
      for (const child of node.children) {
        const here = path.concat(child.name.replaceAll(";", ","));
        if (child.own > 0) lines.push(here.join(";") + " " + child.own);
        walk(child, here);
      }
    };
    walk(root, []);
    return lines.join("\n");
  }

  function draw(details) {
    const root = read(details);
    let focus = root;
    let words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const place = details.querySelector(".draw");
    const tools = make("div", "tools");
    const find = make("input", "");
    find.type = "search";
    find.placeholder = "Find a function";
    find.setAttribute("aria-label", "Find a function in this graph");
    const reset = make("button", "", "Whole graph");
    const stacks = make("button", "", "Folded stacks");
    reset.type = stacks.type = "button";
    const found = make("output", "");
    tools.append(find, reset, stacks, found);
    const frames = make("div", "frames");
    const told = make("p", "told", "Choose a frame to zoom in.");
    const text = make("pre", "w");
    text.hidden = true;
    const thinner = make("p", "note");
    place.append(tools, told, frames, thinner, text);

    const tell = (node) => {
      const own = grouped(node.own) + " own, " + grouped(node.total) + " with callees (" + percent(node.total, root.total) + ")";
      told.textContent = node.name + ": " + own + ", " + grouped(node.calls) + (node.calls === 1 ? " call" : " calls");
    };
    const hit = (node) => words.length > 0 && words.some((word) => node.name.toLowerCase().includes(word));

    // Its frame, of each node that is drawn. Only one of them is a stop of the tabulator; arrows lead on.
    let drawn = new Map();
    const step = {
      ArrowUp: (node) => node.parent,
      ArrowDown: (node) => node.children.find((child) => drawn.has(child)),
      ArrowLeft: (node) => beside(node, -1),
      ArrowRight: (node) => beside(node, 1),
    };
    const beside = (node, by) => {
      const row = node.parent ? node.parent.children : [node];
      return row[row.indexOf(node) + by];
    };

    function paint() {
      const width = frames.clientWidth || 800;
      const hadFocus = frames.contains(document.activeElement);
      frames.replaceChildren();
      drawn = new Map();
      reset.disabled = focus === root;
      let deepest = 0;
      let thin = 0;
      const put = (node, left, share) => {
        const frame = make("button", "frame k" + node.kind + (hit(node) ? " hit" : ""), node.name);
        frame.type = "button";
        frame.style.left = 100 * left + "%";
        frame.style.width = 100 * share + "%";
        frame.style.top = node.depth * ROW + "px";
        if (node.depth < focus.depth) frame.classList.add("above");
        frame.addEventListener("click", () => {
          focus = node;
          tell(node);
          paint();
        });
        frame.addEventListener("pointerenter", () => tell(node));
        frame.addEventListener("focus", () => tell(node));
        frame.addEventListener("keydown", (event) => {
          const next = step[event.key] && drawn.get(step[event.key](node));
          if (!next) return;
          event.preventDefault();
          next.focus();
        });
        frame.tabIndex = node === focus ? 0 : -1;
        frames.append(frame);
        drawn.set(node, frame);
        deepest = Math.max(deepest, node.depth);
      };
      for (let node = focus.parent; node; node = node.parent) put(node, 0, 1);
      const walk = (node, left, share) => {
        put(node, left, share);
        let from = left;
        for (const child of node.children) {
          const part = (share * child.total) / Math.max(1, node.total);
          if (part * width < 1) thin += 1;
          else walk(child, from, part);
          from += part;
        }
      };
      walk(focus, 0, 1);
      if (hadFocus) drawn.get(focus).focus({ preventScroll: true });
      frames.style.height = (deepest + 1) * ROW + "px";
      thinner.hidden = thin === 0;
      thinner.textContent = "Narrower than a pixel and not drawn, with what they call: " + grouped(thin) + ". Zoom in to see them.";
      // Fuel that is in what was found, each unit once although a function may stand within another.
      let fuel = 0;
      const add = (node) => {
        if (hit(node)) fuel += node.total;
        else node.children.forEach(add);
      };
      add(root);
      found.textContent = words.length > 0 ? percent(fuel, root.total) + " in what was found" : "";
    }

    reset.addEventListener("click", () => {
      focus = root;
      paint();
    });
    stacks.addEventListener("click", () => {
      text.textContent = text.textContent || folded(root);
      text.hidden = !text.hidden;
    });
    const graph = {
      find: (next) => {
        words = next;
        paint();
      },
    };
    find.addEventListener("input", () => graph.find(find.value.toLowerCase().split(/\s+/).filter(Boolean)));
    // The width decides which frames can be seen.
    let width = 0;
    new ResizeObserver(() => {
      if (frames.clientWidth !== width && frames.clientWidth > 0) {
        width = frames.clientWidth;
        paint();
      }
    }).observe(frames);
    paint();
    return graph;
  }

  for (const details of all(".flame")) {
    details.addEventListener("toggle", () => {
      if (details.open && !details.dataset.drawn) {
        details.dataset.drawn = "yes";
        graphs.push(draw(details));
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
