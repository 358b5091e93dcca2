// The report's page in a real Chromium: what it shows beside the JSON, and that hostile text stays text.
//
//     node check.mjs DIR
//
// DIR has what .ci/run made of history.py: report.html, {job,queue,branch,project}.json, part.json. CHROMIUM
// names the browser. Ends with 1 where a check fails, or where a page that was broken on purpose passes.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import { chromium } from "playwright-core";

const folder = process.argv[2];
const read = (name) => readFileSync(join(folder, name), "utf8");
const json = (name) => JSON.parse(read(`${name}.json`));
const GROUPS = { Job: "job", Queue: "queue", Branch: "branch", Project: "project" };
const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 900 };

// What recheck makes of characters that act, as `escape` in crates/core/src/render/excerpt.rs.
const shown = (text) =>
  text.replace(/\t/g, " ").replace(/\n/g, "\\n").replace(/\r/g, "\\r").replace(
    /[\u0000-\u001f\u007f-\u009f]/g, (it) => `\\x${it.charCodeAt(0).toString(16).padStart(2, "0")}`,
  ).replace(/[\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f]/g, (it) => `\\u{${it.charCodeAt(0).toString(16)}}`);

// A page of the file, with everything that it said, asked for or did.
const opened = async (browser, file, options) => {
  const context = await browser.newContext({ viewport: DESK, ...options });
  const page = await context.newPage();
  const seen = { said: [], asked: [] };
  page.on("console", (message) => seen.said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => seen.said.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => (seen.said.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
  context.on("request", (request) => seen.asked.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  return { context, page, seen };
};

// The table's rows as they stand on the page.
const rows = (page) => page.$$eval("#rows > tr", (all) =>
  all.filter((row) => row.querySelector(".bug")).map((row) => {
    const cell = (name) => row.querySelector(`[data-name="${name}"]`).textContent;
    return {
      id: row.querySelector(".bug button").textContent,
      title: row.querySelector(".bug .title")?.textContent ?? "",
      link: row.querySelector(".bug a")?.getAttribute("href") ?? null,
      failed: cell("Failed runs"), recent: cell("Last 24 h"), passed: cell("Passed runs"),
      share: cell("Share of runs"), interval: cell("95 %"), trend: cell("Trend"),
    };
  }));

const percent = (share) => (share >= 10 ? share.toFixed(0) : share >= 1 ? share.toFixed(1) : share.toFixed(2));
const share = (part) => `${percent(part.percentage)} % of ${part.of}`;
const interval = ({ interval: [low, high] }) => `${percent(low)}–${percent(high)} %`;
const ranked = (report) => report.fingerprints.filter((row) => !row.suppressed && row.runs_hit > 0);

// A row of the JSON as the page shows it.
const expected = (row) => ({
  id: shown(row.fingerprint), title: shown(row.title ?? ""),
  link: /^https?:\/\/[!-~]*$/.test(row.bug ?? "") ? row.bug : null,
  failed: `${row.failed_runs_hit}`, recent: `${row.failed_runs_hit_last_24h}`, passed: `${row.passed_runs_hit}`,
  share: share(row), interval: interval(row), trend: row.status,
});

// Of a row what filters change, in an order that does not hang on ties.
const counts = (all) => all.map((row) =>
  [row.id, row.failed, row.passed, row.share, row.interval].join(" | ")).sort();
const part = (row, of) => [shown(row.fingerprint), of.failed_runs_hit, of.runs_hit - of.failed_runs_hit,
  share(of), interval(of)].join(" | ");

const select = (page, name) => page.locator("#filters label", { hasText: name }).locator("select");

const checks = {
  async "asks nobody and says nothing"({ page, seen }, same) {
    same("console", seen.said, []);
    same("requests", seen.asked, [page.url()]);
  },

  async "the ranking is that of the JSON"({ page }, same) {
    same("rows", await rows(page), ranked(json("job")).map(expected));
    const { overall, unclassified } = json("job");
    const tiles = Object.fromEntries(await page.$$eval("dl div", (all) =>
      all.map((tile) => [tile.querySelector("dt").textContent, tile.querySelector("dd").textContent])));
    for (const name of ["runs", "failed", "known", "fallback", "unclassified", "incomplete"]) {
      same(name, tiles[name], `${overall[name]}`);
    }
    const links = await page.$$eval("section:last-of-type li", (all) => all.map((item) => item.textContent));
    same("unclassified", links, unclassified.flatMap((job) => job.runs.map((run) => shown(run.build_uuid))));
  },

  async "each filter leaves what the JSON has of it"({ page }, same) {
    const whole = await rows(page);
    for (const [name, by] of Object.entries(GROUPS)) {
      const report = json(by);
      const values = [...new Set(report.fingerprints.flatMap((row) => row.parts.map((each) => each.value)))];
      const options = await select(page, name).locator("option").allTextContents();
      for (const value of values) {
        const label = shown(value) || "(none)";
        same(`an option for ${label}`, options.includes(label), true);
        await select(page, name).selectOption({ index: options.indexOf(label) });
        const left = ranked(report).flatMap((row) =>
          row.parts.filter((each) => each.value === value).map((each) => part(row, each)));
        same(`${name} = ${label}`, counts(await rows(page)), left.sort());
      }
      await select(page, name).selectOption("all");
    }
    same("all again", await rows(page), whole);
  },

  // The part's own history has nothing but the runs of that job in that queue.
  async "two filters leave what both admit"({ page }, same) {
    await select(page, "Job").selectOption({ label: "unit" });
    await select(page, "Queue").selectOption({ label: "gate" });
    same("rows", counts(await rows(page)), counts(ranked(json("part")).map(expected)));
    same("how many", await page.textContent("#shown"), `${ranked(json("part")).length} bugs hit.`);
  },

  async "a bug opens to its hits over time"({ page }, same) {
    const first = page.locator(".bug button").first();
    await first.focus();
    await page.keyboard.press("Enter");
    same("expanded", await page.getAttribute(".bug button:focus", "aria-expanded"), "true");
    const series = ranked(json("job"))[0].series;
    const bars = (kind) => page.locator(`#rows td[colspan] svg rect.${kind}`).count();
    for (const kind of ["failed", "passed"]) {
      same(`bars of ${kind}`, await bars(kind), series.filter((point) => point[kind] > 0).length);
    }
    await page.keyboard.press("Enter");
    same("closed", await page.locator("#rows td[colspan]").count(), 0);
  },

  async "hostile text is text and runs nothing"({ page }, same) {
    await page.$$eval("details", (all) => all.forEach((each) => (each.open = true)));
    await page.$$eval(".bug button", (all) => all.map((each) => each.textContent)).then(async (ids) => {
      for (let at = 0; at < ids.length; at += 1) await page.locator(".bug button").nth(at).click();
    });
    await page.mouse.move(300, 300);
    same("pwned", await page.evaluate(() => window.pwned), undefined);
    same("scripts", await page.locator("script").count(), 2);
    const made = "img, iframe, object, embed, link, base, [src], [onclick], [onerror], [onload], [onmouseover]";
    same("elements of strangers", await page.locator(made).evaluateAll((all) => all.map((it) => it.outerHTML)), []);
    const odd = await page.$$eval("a", (all) => all.map((link) => link.href).filter((href) => !/^https?:/.test(href)));
    same("links that are none", odd, []);
    const acting = await page.evaluate(() => document.body.textContent.match(/[\u202a-\u202e\u2066-\u2069\u0000\u001b]/g));
    same("characters that act", acting, null);
  },
};

// Nothing sticks out sideways, in the page or in the table.
const fits = async ({ page }, same) => {
  await page.$$eval("details", (all) => all.forEach((each) => (each.open = true)));
  await page.locator(".bug button").first().click();
  const wide = await page.evaluate(() => {
    const root = document.documentElement;
    const over = (node) => node.scrollWidth > node.clientWidth;
    const out = [...document.querySelectorAll("body *")].filter((node) => node.getBoundingClientRect().right > root.clientWidth);
    return [over(root), over(document.querySelector(".wide")), out.slice(0, 3).map((node) => node.outerHTML.slice(0, 200))];
  });
  same("wider than the screen", wide, [false, false, []]);
};

const accessible = async ({ page }, same) => {
  await page.$$eval("details", (all) => all.forEach((each) => (each.open = true)));
  await page.locator(".bug button").first().click();
  await page.evaluate(axe.source);
  const { violations, passes } = await page.evaluate(() => window.axe.run(document));
  same("violations", violations.map((each) => `${each.id}: ${each.help}: ${each.nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`)}`), []);
  same("rules that applied, contrast among them", passes.some((each) => each.id === "color-contrast"), true);
};

const within = (check, options) => Object.assign((it, same) => check(it, same), { options });
checks["accessible in light"] = within(accessible, { colorScheme: "light" });
checks["accessible in dark"] = within(accessible, { colorScheme: "dark" });
checks["accessible on a phone"] = within(accessible, { viewport: PHONE });
checks["fits a phone"] = within(fits, { viewport: PHONE });

// Runs the checks on a file; what failed, each with what it saw.
const run = async (browser, file, names = Object.keys(checks)) => {
  const failures = [];
  for (const name of names) {
    const it = await opened(browser, file, checks[name].options);
    it.page.setDefaultTimeout(5000);
    const same = (what, seen, wanted) => {
      const [one, other] = [JSON.stringify(seen), JSON.stringify(wanted)];
      if (one !== other) failures.push(`${name}: ${what}\n    saw    ${one}\n    wanted ${other}`);
    };
    try {
      await checks[name](it, same);
    } catch (error) {
      failures.push(`${name}: ${error.message}`);
    }
    await it.context.close();
  }
  return failures;
};

// The page broken in one way, and the check that has to see it.
const BROKEN = [
  ["asks nobody and says nothing", (page) => page.replace("default-src 'none';", "").replace("<main>", "<main><img src='https://example.org/x.png' alt=''>")],
  ["the ranking is that of the JSON", (page) => page.replace('"recent":', '"recent":1')],
  ["each filter leaves what the JSON has of it", (page) => page.replace("if (!admits[slice]) continue;", "")],
  ["two filters leave what both admit", (page) => page.replace("chosen.every(", "chosen.some(")],
  ["a bug opens to its hits over time", (page) => page.replace("if (open.has(row.id))", "if (false)")],
  ["hostile text is text and runs nothing", (page) => page.replaceAll("\\u003c", "<")],
  ["hostile text is text and runs nothing", (page) => page.replace("node.append(...children);", "for (const it of children) typeof it === 'string' ? (node.innerHTML += it) : node.append(it);")],
  ["accessible in light", (page) => page.replace("--soft: #5a6068", "--soft: #b0b0b0")],
  ["accessible in dark", (page) => page.replace("--soft: #a4abb4", "--soft: #444444")],
  ["fits a phone", (page) => page.replace("</style>", "dl { width: 500px; }</style>")],
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: process.getuid() === 0 ? ["--no-sandbox"] : [],
});
let failed = 0;
try {
  const file = join(folder, "report.html");
  const failures = await run(browser, file);
  failures.forEach((failure) => console.log(failure));
  failed = failures.length;
  console.log(`${Object.keys(checks).length} checks in Chromium ${browser.version()}, ${failed} failures`);
  for (const [name, breaks] of BROKEN) {
    const whole = read("report.html");
    const page = breaks(whole);
    const broken = join(folder, "broken.html");
    writeFileSync(broken, page);
    const seen = page === whole ? [] : await run(browser, broken, [name]);
    if (seen.length === 0) {
      failed += 1;
      console.log(`not seen, though the page was broken: ${name}: ${breaks}`);
    }
  }
  console.log(`${BROKEN.length} pages broken on purpose`);
} finally {
  await browser.close();
}
process.exitCode = failed ? 1 : 0;
