import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import "../test/hardening-page.ts";
import "../test/units-page.ts";
import * as api from "./index.ts";
import { emitUnits, lintUnits } from "./index.ts";

const repository = new URL("../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, repository), "utf8");
const readme = read("packages/units/README.md");
const page = read("docs/units.md");

it("packages/units/README.md shows the units as emitUnits writes them", () => {
  const units = emitUnits({
    name: "shop",
    description: "Shop",
    exec: ["/usr/bin/node", "/srv/shop/server.js"],
    sockets: [{ listen: 80, noDelay: true }],
  });
  for (const [file, text] of Object.entries(units))
    expect(readme).toContain(`\`${file}\`:\n\n\`\`\`ini\n${text}\`\`\``);
});

const fence = "```";

/** The examples of a page, each with the units that follow it. */
function examplesOf(text: string): { code: string; shown: string }[] {
  const blocks = new RegExp(`${fence}ts\n([^]*?)${fence}\n(?:\n${fence}ini\n((?:# [^]*?)?)${fence})?`, "g");
  return Array.from(text.matchAll(blocks), ([, code, shown = ""]) => ({ code: code!, shown }));
}

it("the examples of docs/units.md run, and write the lines that the page shows", () => {
  const examples = [...examplesOf(readme), ...examplesOf(page)];
  const given = {
    ...api,
    writeFileSync: () => {},
    console: { log: () => {} },
    readFileSync: () => "",
  };
  expect(examples.length).toBeGreaterThanOrEqual(15);
  for (const { code, shown } of examples) {
    const statements = code.replace(/^import .*\n/gm, "").replace(/^emitUnits\(/m, "return emitUnits(");
    // oxlint-disable-next-line no-implied-eval -- the example must run as it is shown
    const run = new Function(...Object.keys(given), statements);
    const units = run(...Object.values(given)) as Record<string, string>;
    for (const [, file, lines] of shown.matchAll(/^# (\S+)\n((?:.+\n)+)/gm))
      expect(units[file!]!.split("\n")).toEqual(expect.arrayContaining(lines!.trimEnd().split("\n")));
  }
  expect(examples.filter(({ shown }) => shown !== "").length).toBeGreaterThanOrEqual(9);
});

it("the linter finds nothing in the units of docs/preload.md", () => {
  const units = Array.from(
    read("docs/preload.md").matchAll(/```ini\n# (\S+)\n([^]*?)```/g),
    ([, file, text]) => [file, text],
  );
  expect(units.map(([file]) => file).join(" ")).toBe(
    "app.socket app.service app.socket app-admin.socket app.service",
  );
  for (const app of [units.slice(0, 2), units.slice(2)])
    expect(lintUnits(Object.fromEntries(app) as Record<string, string>)).toEqual([]);
});
