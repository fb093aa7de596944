// Draws the charts of the overview from their tables, and keeps the page up to date without a reload.
"use strict";
(() => {
  const dashes = { 1: [], 2: [8, 4], 3: [2, 3], 4: [10, 3, 2, 3], 5: [5, 5], 6: [1, 5] }; // as style.css has them for the legend
  const charts = new Map();

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const count = (text) => Number(text.replace(/[^0-9-]/g, ""));

  // read returns the columns of a table: times and then numbers.
  function read(body) {
    const columns = [];
    for (const row of body.rows) {
      (columns[0] ??= []).push(Number(row.dataset.at));
      for (let i = 1; i < row.cells.length; i++) {
        (columns[i] ??= []).push(count(row.cells[i].textContent));
      }
    }
    return columns;
  }

  // What has no calls would only lie on the axis.
  const hasCalls = (column) => column.some((n) => n > 0);

  function draw(section) {
    const id = section.dataset.drawing;
    const body = document.querySelector(`[data-numbers="${id}"]`);
    if (!body || !body.rows.length || !window.uPlot) return;
    section.hidden = false;
    const data = read(body);
    const known = charts.get(id);
    if (known) {
      known.setData(data);
      data.forEach((column, i) => {
        if (i > 0) known.setSeries(i, { show: hasCalls(column) });
      });
      return;
    }
    const place = document.getElementById("plot-" + id);
    const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
    const styles = Array.from(body.parentElement.tHead.querySelectorAll("[data-style]"), (head) => head.dataset.style);
    const lines = data.slice(1).map((column, i) => ({
      stroke: colour("--series-" + styles[i]), width: 2, dash: dashes[styles[i]], points: { show: false }, show: hasCalls(column),
    }));
    charts.set(id, new uPlot({
      width: place.clientWidth, height: 220, legend: { show: false }, cursor: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      scales: { y: { range: (_, low, high) => [0, Math.max(high, 4)] } },
      axes: [{ ...axis, values: [
        [86400, "{D} {MMM}", null, null, null, null, null, null, 1],
        [3600, "{HH}:00", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
        [60, "{HH}:{mm}", null, null, null, null, null, null, 1],
        [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1],
      ] }, { ...axis, size: 56 }],
      series: [{}, ...lines],
    }, data, place));
  }

  function drawAll() {
    for (const section of document.querySelectorAll("[data-drawing]")) draw(section);
  }

  // Colours are drawn, so they do not change with the scheme by themselves.
  function redraw() {
    for (const chart of charts.values()) chart.destroy();
    charts.clear();
    drawAll();
  }

  // refresh fetches the page anew and takes over what is on it now. Nothing moves under somebody who is in the middle of it.
  let busy = false;
  let wanted = false;
  async function refresh() {
    const now = document.getElementById("now");
    const selection = document.getSelection();
    if (busy || document.hidden || now.contains(document.activeElement) || (!selection.isCollapsed && now.contains(selection.anchorNode))) {
      wanted = true;
      return;
    }
    busy = true;
    wanted = false;
    try {
      const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("now");
      if (!answer.ok || !fresh) {
        state(false);
        return;
      }
      for (const open of now.querySelectorAll("details[open][id]")) {
        const same = fresh.querySelector("#" + CSS.escape(open.id));
        if (same) same.open = true;
      }
      now.replaceChildren(...fresh.childNodes);
      for (const plot of document.querySelectorAll("[data-drawing] .plot")) {
        const same = page.getElementById(plot.id);
        if (same) plot.setAttribute("aria-label", same.getAttribute("aria-label"));
      }
      drawAll();
    } catch {
      state(false);
    } finally {
      busy = false;
    }
  }

  const badge = document.getElementById("live-state");
  function state(isLive) {
    badge.hidden = false;
    badge.textContent = isLive ? "Live" : "Not live";
    badge.classList.toggle("good", isLive);
    badge.classList.toggle("warn", !isLive);
  }

  function listen() {
    const source = new EventSource(badge.dataset.live);
    let last = 0;
    let later = 0;
    const soon = (pause) => {
      clearTimeout(later);
      later = setTimeout(() => {
        last = Date.now();
        refresh();
      }, Math.max(0, last + pause - Date.now()));
    };
    source.addEventListener("hello", () => state(true));
    source.addEventListener("news", () => soon(2000));
    source.addEventListener("beat", () => soon(8000));
    source.addEventListener("end", () => {
      source.close();
      state(false);
    });
    source.addEventListener("error", () => state(false));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && wanted) soon(0);
    });
    window.addEventListener("pagehide", () => source.close());
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload();
    });
  }

  drawAll();
  listen();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new ResizeObserver(() => {
    for (const [id, chart] of charts) {
      const width = document.getElementById("plot-" + id).clientWidth;
      if (width && width !== chart.width) chart.setSize({ width, height: 220 });
    }
  }).observe(document.getElementById("drawings"));
})();
