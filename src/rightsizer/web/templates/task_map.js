"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { nodes, views } = data;
  const map = document.getElementById("map"), panel = document.getElementById("panel");
  const crumbs = document.getElementById("crumbs"), find = document.getElementById("find");
  const narrow = matchMedia("(max-width: 620px)");
  const PARTS = {
    served: "quick student is sure enough", right: "quick student is right", lift: "gain over one fixed answer",
    reach: "answers that can be reached", copied: "values copied from the input", form: "answers in few forms",
    narrow: "narrowness of the output", template: "prompt that is template", steady: "LLM repeats itself",
    stable: "stable over time", volume: "enough calls", cost: "share of the cost",
  };
  let view = "all", chosen = "", query = "";

  const el = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const percent = (v) => (v <= 0 ? "0 %" : v < 0.01 ? "<1 %" : `${Math.min(v >= 1 ? 100 : 99, Math.round(100 * v))} %`);
  const count = (n) => (n < 1e6 ? Math.round(n).toLocaleString("en") : `${(n / 1e6).toFixed(1)}M`);
  const money = (v) => (v >= 100 ? `$${Math.round(v).toLocaleString("en")}` : v >= 0.01 ? `$${v.toFixed(2)}` : v > 0 ? `$${v.toPrecision(2)}` : "–");
  const short = (id) => { const n = nodes[id], p = nodes[n.parent]; return p && n.name.startsWith(`${p.name} · `) ? n.name.slice(p.name.length + 3) : n.name; };
  const words = (n) => `${n.name} ${n.type} ${n.output} ${n.reason}`.toLowerCase();
  const matches = (id) => { const n = nodes[id]; return words(n).includes(query) || (n.parent === "" && Object.values(nodes).some((c) => c.parent === id && words(c).includes(query))); };
  const shape = () => (narrow.matches ? "tall" : "wide");
  const within = (id) => ["step", "semantic"].map((l) => `${id}/${l}`).filter((k) => views[k]);

  const tileText = (box, name, note) => {
    const text = el("span", "text");
    text.append(el("b", "", name.replaceAll("_", "_\u200b")), el("small", "", note));
    box.append(text);
  };

  const draw = () => {
    const { ids, values, [shape()]: places } = views[view];
    const total = values.reduce((a, b) => a + b, 0) || 1;
    map.className = shape();
    map.replaceChildren(...ids.map((id, i) => {
      const [x, y, w, h] = places[i], node = nodes[id];
      const tile = el(node || id ? "button" : "div", "tile");
      Object.assign(tile.style, { left: `${100 * x}%`, top: `${100 * y}%`, width: `${100 * w}%`, height: `${100 * h}%` });
      const face = el("span", `face${node ? ` k${node.bin}` : " k5"}`);
      tile.append(face);
      if (node) {
        tile.dataset.id = id;
        const ready = node.ready === null ? "" : ` · ready ${Math.round(100 * node.ready)}`;
        const note = `${percent(values[i] / total)}${ready}`;
        const inner = view === "all" && (data.inner[id] || {})[shape()];
        if (inner) {
          tile.classList.add("has-inner");
          const box = el("span", "inner");
          box.style.top = `max(45px, ${100 * data.heads[shape()] / h}%)`;
          inner.forEach(([bin, a, b, c, d]) => {
            const block = el("i", `k${bin}`);
            Object.assign(block.style, { left: `${100 * a}%`, top: `${100 * b}%`, width: `${100 * c}%`, height: `${100 * d}%` });
            box.append(block);
          });
          face.append(box);
        }
        tileText(face, short(id), note);
        tile.setAttribute("aria-label", `${node.name}: ${note}, ${count(node.calls)} calls`);
        tile.title = `${node.name}\n${note} · ${count(node.calls)} calls\n${node.reason}`;
        tile.onclick = () => choose(id);
        tile.ondblclick = () => enter(id);
      } else if (id) {
        const n = views[id].ids.length;
        tile.dataset.view = id;
        tileText(face, `${n} small ones`, percent(values[i] / total));
        tile.setAttribute("aria-label", `${n} small ones, ${percent(values[i] / total)}`);
        tile.onclick = () => go(id);
      } else {
        tile.classList.add("none");
        tileText(face, "of no task", percent(values[i] / total));
      }
      return tile;
    }));
    mark();
    drawCrumbs();
  };

  const mark = () => {
    map.querySelectorAll(".tile").forEach((tile) => {
      const id = tile.dataset.id, group = tile.dataset.view;
      const hit = !query || (id ? matches(id) : group ? views[group].ids.some((i) => nodes[i] && matches(i)) : false);
      tile.classList.toggle("dim", !hit);
      if (id && id === chosen) tile.setAttribute("aria-current", "true"); else tile.removeAttribute("aria-current");
    });
    document.querySelectorAll("#list tbody tr").forEach((row) => row.classList.toggle("gone", query !== "" && !(nodes[row.dataset.id] && matches(row.dataset.id))));
  };

  const drawCrumbs = () => {
    const made = [];
    const step = (text, to) => {
      if (made.length) made.push(el("span", "sep", "›"));
      const item = to ? el("button", "", text) : el("b", "", text);
      if (to) { item.type = "button"; item.onclick = () => go(to); }
      made.push(item);
    };
    const [base, rest] = view.split("#");
    const [id, level] = base.split("/");
    step("All tasks", view === "all" ? "" : "all");
    if (level) step(nodes[id].name, rest ? base : "");
    if (rest) step("small ones", "");
    const ways = level ? within(id) : [];
    if (ways.length > 1) {
      const toggle = el("span", "toggle");
      ways.forEach((way) => {
        const button = el("button", "", way.endsWith("/step") ? "by step" : "by meaning");
        button.type = "button";
        button.setAttribute("aria-pressed", String(way === base));
        button.onclick = () => go(way);
        toggle.append(button);
      });
      made.push(toggle);
    }
    crumbs.replaceChildren(...made);
  };

  const drawPanel = () => {
    const node = nodes[chosen];
    if (!node) { panel.replaceChildren(el("p", "soft", "Choose a task to see what it is, how ready it looks, and why.")); return; }
    const made = [el("h2", "", node.name)];
    const chips = el("ul", "chips");
    [node.type, `answers: ${node.output.replace("_", " ")}`, node.level === "template" ? `version ${node.version}` : node.level].filter(Boolean).forEach((c) => chips.append(el("li", "", c)));
    if (node.verdict) chips.append(el("li", `v-${node.verdict}`, { replace: "replace", keep: "keep the LLM", undecided: "not enough evidence" }[node.verdict]));
    made.push(chips);
    if (node.ready !== null) {
      const big = el("div", "big");
      const range = node.low === undefined || node.low === null ? "" : `of 100 · ${Math.round(100 * node.low)} to ${Math.round(100 * node.high)}`;
      big.append(el("b", "", String(Math.round(100 * node.ready))), el("span", "soft small", `ready ${range}`));
      const gauge = el("div", "gauge"), fill = el("i", `k${node.bin}`), span = el("i", "span");
      fill.style.width = `${Math.max(1, 100 * node.ready)}%`;
      if (node.low !== null && node.low !== undefined) Object.assign(span.style, { left: `${100 * node.low}%`, width: `${Math.max(0.6, 100 * (node.high - node.low))}%` });
      gauge.append(fill, span);
      made.push(big, gauge);
    }
    made.push(el("p", "why", node.reason ? node.reason[0].toUpperCase() + node.reason.slice(1) : ""));
    const facts = el("dl", "facts");
    [["Calls", count(node.calls)], ["Sessions", count(node.sessions)], ["Tokens", count(node.tokens)], ["Cost", `${money(node.usd)} · ${percent(node.cost)}`]].forEach(([k, v]) => {
      const box = el("div");
      box.append(el("dt", "", k), el("dd", "", v));
      facts.append(box);
    });
    made.push(facts);
    within(chosen).forEach((key) => {
      const button = el("button", "open", key.endsWith("/step") ? `Look inside: ${node.steps} steps` : `${node.meanings} by meaning`);
      button.type = "button";
      button.onclick = () => go(key);
      made.push(button);
    });
    const parts = Object.entries(node.parts).filter(([k]) => k in PARTS).sort((a, b) => Object.keys(PARTS).indexOf(a[0]) - Object.keys(PARTS).indexOf(b[0]));
    if (parts.length) {
      const list = el("div", "parts");
      parts.forEach(([k, v]) => {
        const bar = el("span", "bar"), fill = el("i");
        fill.style.width = `${100 * Math.min(1, Math.max(0, v))}%`;
        bar.append(fill);
        list.append(el("span", "", PARTS[k]), bar, el("span", "n", String(Math.round(100 * v))));
      });
      made.push(el("h3", "", "What it rests on"), list);
    }
    if (node.example) {
      made.push(el("h3", "", "A typical call, masked"), el("pre", "", node.example[0]), el("pre", "", node.example[1]));
    }
    panel.replaceChildren(...made);
    panel.scrollTop = 0;
  };

  const choose = (id) => { chosen = id; mark(); drawPanel(); };
  const go = (key) => {
    const from = view;
    view = key;
    history.replaceState(null, "", key === "all" ? "#" : `#${encodeURIComponent(key)}`);
    draw();
    const first = map.querySelector(`[data-id="${CSS.escape(chosen)}"], [data-view="${CSS.escape(from)}"]`) || map.querySelector(`[data-id="${CSS.escape(from.split("/")[0])}"]`) || map.querySelector("button.tile");
    if (first) first.focus({ preventScroll: true });
  };
  const enter = (id) => { const ways = within(id); if (ways.length) go(ways[0]); };
  const up = () => { if (view === "all") return; const [base, rest] = view.split("#"); go(rest && base !== "all" ? base : "all"); };
  const reveal = (id) => {
    const holds = Object.keys(views).find((k) => views[k].ids.includes(id));
    if (holds && holds !== view) { view = holds; draw(); }
    choose(id);
  };

  const walk = (key) => {
    const now = document.activeElement, box = now.getBoundingClientRect();
    const [cx, cy] = [box.x + box.width / 2, box.y + box.height / 2];
    const dx = { ArrowLeft: -1, ArrowRight: 1 }[key] || 0, dy = { ArrowUp: -1, ArrowDown: 1 }[key] || 0;
    let best = null, least = Infinity;
    map.querySelectorAll("button.tile").forEach((tile) => {
      if (tile === now) return;
      const b = tile.getBoundingClientRect(), x = b.x + b.width / 2 - cx, y = b.y + b.height / 2 - cy;
      const along = dx * x + dy * y, off = Math.abs(dx ? y : x);
      if (along > 1 && along + 2 * off < least) { best = tile; least = along + 2 * off; }
    });
    if (best) { best.focus(); if (best.dataset.id) choose(best.dataset.id); }
  };

  addEventListener("keydown", (event) => {
    const typing = document.activeElement === find;
    if (event.key === "/" && !typing) { event.preventDefault(); find.focus(); find.select(); return; }
    if (event.key === "Escape") { if (typing) { find.value = ""; query = ""; find.blur(); mark(); } else up(); return; }
    if (typing && event.key === "Enter") { const hit = Object.keys(nodes).find((id) => query && words(nodes[id]).includes(query)); if (hit) { reveal(hit); map.querySelector("[aria-current]")?.focus(); } return; }
    const tile = document.activeElement?.closest?.(".tile");
    if (!tile) return;
    if (event.key.startsWith("Arrow")) { event.preventDefault(); walk(event.key); }
    if (event.key === "Enter" && tile.dataset.id && tile.dataset.id === chosen) { event.preventDefault(); enter(chosen); }
  });
  find.addEventListener("input", () => { query = find.value.trim().toLowerCase(); mark(); });
  document.querySelectorAll("#list tbody tr").forEach((row) => {
    row.tabIndex = 0;
    row.onclick = () => { reveal(row.dataset.id); map.scrollIntoView({ block: "center" }); };
    row.onkeydown = (event) => { if (event.key === "Enter") row.onclick(); };
  });
  document.querySelectorAll(".scale [data-bin]").forEach((key) => {
    const dim = (bin) => map.querySelectorAll(".tile").forEach((tile) => tile.classList.toggle("dim", bin !== null && (nodes[tile.dataset.id] || {}).bin !== bin));
    key.onmouseenter = () => dim(Number(key.dataset.bin));
    key.onmouseleave = () => mark();
  });
  narrow.addEventListener("change", draw);
  const linked = decodeURIComponent(location.hash.slice(1));
  if (views[linked]) view = linked;
  chosen = (nodes[linked.split("/")[0]] && linked.split("/")[0]) || views.all.ids.find((id) => nodes[id]) || "";
  draw();
  drawPanel();
})();
