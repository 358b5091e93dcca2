"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const names = ["Job", "Queue", "Branch", "Project"];
  const chosen = names.map(() => null);
  const open = new Set();

  // Texts go in as text, never as markup: they come from logs and from files of strangers.
  const make = (tag, attributes, ...children) => {
    const vector = ["svg", "rect", "line", "text", "g"].includes(tag);
    const node = vector
      ? document.createElementNS("http://www.w3.org/2000/svg", tag)
      : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };

  const admitted = () =>
    data.slices.map((slice) => chosen.every((value, at) => value === null || slice[at] === value));

  // What is left of a row's counts by the filters.
  const count = (row, admits) => {
    const points = data.series.map(() => ({ failed: 0, passed: 0 }));
    for (const [slice, hits] of row.cells) {
      if (!admits[slice]) continue;
      for (const [at, failed, passed] of hits) {
        points[at].failed += failed;
        points[at].passed += passed;
      }
    }
    const of = data.eligible[row.eligible].reduce((sum, runs, at) => sum + (admits[at] ? runs : 0), 0);
    const sum = (name) => points.reduce((total, point) => total + point[name], 0);
    return { points, of, failed: sum("failed"), passed: sum("passed") };
  };

  // Wilson's interval, as in the report's other formats.
  const interval = (hits, of) => {
    const z = 1.959963984540054;
    const rate = hits / of;
    const scale = 1 + (z * z) / of;
    const centre = (rate + (z * z) / (2 * of)) / scale;
    const half = (z / scale) * Math.sqrt((rate * (1 - rate)) / of + (z * z) / (4 * of * of));
    return [hits === 0 ? 0 : centre - half, hits >= of ? 1 : centre + half];
  };
  const percent = (share) => (100 * share).toFixed(share >= 0.1 ? 0 : share >= 0.01 ? 1 : 2);

  const bars = (points, width, height, most) => {
    const step = width / points.length;
    const group = make("g", {});
    points.forEach((point, at) => {
      let bottom = height;
      for (const kind of ["failed", "passed"]) {
        if (point[kind] === 0) continue;
        const tall = Math.max(1, (point[kind] / most) * height);
        bottom -= tall;
        group.append(make("rect", {
          class: kind, x: at * step, y: bottom, width: Math.max(1, step - 1), height: tall,
        }));
      }
    });
    return group;
  };
  const most = (points) => Math.max(1, ...points.map((point) => point.failed + point.passed));

  const spark = (row, counts) =>
    make("svg", {
      width: 120, height: 24, role: "img",
      "aria-label": `${row.id}: ${counts.failed} failed and ${counts.passed} passed runs over time`,
    }, bars(counts.points, 120, 24, most(counts.points)));

  const day = (text) => text.slice(0, 16).replace("T", " ");

  const chart = (row, counts) => {
    const [width, height] = [640, 120];
    const top = most(counts.points);
    const last = data.series.length - 1;
    const svg = make("svg", {
      viewBox: `0 -24 ${width} ${height + 48}`, width: "100%", role: "img",
      "aria-label": `Runs hit by ${row.id}, from ${day(data.series[0])} to ${day(data.series[last])}`,
    });
    svg.append(
      make("line", { class: "axis", x1: 0, x2: width, y1: height, y2: height }),
      bars(counts.points, width, height, top),
      make("text", { x: 0, y: -5 }, top === 1 ? "1 run" : `${top} runs`),
      make("text", { x: 0, y: height + 18 }, day(data.series[0])),
      make("text", { x: width, y: height + 18, "text-anchor": "end" }, day(data.series[last])),
    );
    return svg;
  };

  const number = (name, text) => make("td", { class: "number", "data-name": name }, text);

  const bug = (row) => {
    const shown = open.has(row.id);
    const button = make("button", { type: "button", "aria-expanded": shown }, row.id);
    button.addEventListener("click", () => {
      if (!open.delete(row.id)) open.add(row.id);
      draw();
      const again = [...document.querySelectorAll(".bug button")];
      again.find((other) => other.textContent === row.id)?.focus();
    });
    const cell = make("td", { class: "bug" }, button);
    if (row.title) cell.append(make("span", { class: "title" }, row.title));
    const remarks = [...(row.category ? [row.category] : []), ...(row.race ? [] : ["one change only"]), ...row.remarks];
    if (remarks.length) cell.append(make("span", { class: "remark" }, remarks.join(", ")));
    if (row.link) cell.append(make("a", { href: row.link, rel: "noreferrer" }, "bug report"));
    return cell;
  };

  const tableRow = (row, counts, filtered) => {
    const hits = counts.failed + counts.passed;
    const [low, high] = counts.of ? interval(hits, counts.of) : [0, 0];
    return make("tr", {}, bug(row), make("td", {}, spark(row, counts)),
      number("Failed runs", counts.failed), number("Last 24 h", filtered ? "–" : row.recent),
      number("Passed runs", counts.passed),
      number("Share of runs", counts.of ? `${percent(hits / counts.of)} % of ${counts.of}` : "no runs"),
      make("td", { "data-name": "95 %" }, counts.of ? `${percent(low)}–${percent(high)} %` : ""),
      make("td", { "data-name": "Trend", class: filtered ? "" : row.status.split(",")[0] }, filtered ? "–" : row.status));
  };

  const draw = () => {
    const admits = admitted();
    const filtered = chosen.some((value) => value !== null);
    const body = document.getElementById("rows");
    body.replaceChildren();
    let shown = 0;
    const counted = data.rows.map((row) => [row, count(row, admits)]);
    // Filtered, the ranking is that of the runs that are left.
    if (filtered) counted.sort(([, a], [, b]) => b.failed - a.failed || b.passed - a.passed);
    for (const [row, counts] of counted) {
      if (counts.failed + counts.passed === 0) continue;
      shown += 1;
      body.append(tableRow(row, counts, filtered));
      if (open.has(row.id)) {
        body.append(make("tr", {}, make("td", { colspan: 8 }, chart(row, counts))));
      }
    }
    document.getElementById("shown").textContent =
      shown === 0 ? "No bug hit." : `${shown} ${shown === 1 ? "bug" : "bugs"} hit.`;
  };

  const filters = document.getElementById("filters");
  names.forEach((name, at) => {
    const values = [...new Set(data.slices.map((slice) => slice[at]))].sort();
    if (values.length < 2) return;
    const select = make("select", {}, make("option", { value: "all" }, "all"));
    values.forEach((value, index) => select.append(make("option", { value: index }, value || "(none)")));
    select.addEventListener("change", () => {
      chosen[at] = select.value === "all" ? null : values[Number(select.value)];
      draw();
    });
    filters.append(make("label", {}, name, select));
  });
  filters.addEventListener("submit", (event) => event.preventDefault());
  draw();
})();
