"use strict";
// Flame graphs: a call tree that stands on the page as text is drawn, searched and zoomed into.
// What a guest wrote is only ever set as text, never as markup.
const flame = (() => {
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
  const ROW = 22;
  const wordsOf = (input) => input.value.toLowerCase().split(/\s+/).filter(Boolean);

  function read(details) {
    const lines = (name) => details.querySelector(name).textContent.trim().split("\n");
    const names = lines(".functions").map((line) => ({ kind: line[0], name: line.slice(2) }));
    const nodes = lines(".nodes").map((line) => {
      // The own fuel of before is there only if two profiles are compared.
      const [parent, of, calls, own, before] = line.trim().split(" ");
      const moved = before === undefined ? undefined : own - before;
      return { parent, ...names[of], calls: +calls, own: +own, total: +own, moved, depth: 1, children: [] };
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

  // What a frame looks like: whose its function is, or how its own fuel moved.
  const look = (node) => {
    if (node.moved === undefined) return "k" + node.kind;
    return node.moved === 0 ? "ko" : node.moved > 0 ? "kmore" : "kless";
  };
  const signed = (number) => (number < 0 ? "−" : number > 0 ? "+" : "±") + grouped(Math.abs(number));

  // Draws the graph, with these words marked, and returns what marks others.
  function draw(details, words) {
    const root = read(details);
    let focus = root;
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
      const moved = node.moved === undefined ? "" : " (" + signed(node.moved) + ")";
      const own = grouped(node.own) + " own" + moved + ", " + grouped(node.total) + " with callees (" + percent(node.total, root.total) + ")";
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
        const frame = make("button", "frame " + look(node) + (hit(node) ? " hit" : ""), node.name);
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
    find.addEventListener("input", () => graph.find(wordsOf(find)));
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

  return { draw, wordsOf };
})();
