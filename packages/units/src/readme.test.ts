import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as api from "./index.ts";
import { emitUnits } from "./index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("README.md shows the units as they are really written", () => {
  const units = emitUnits({
    name: "shop",
    description: "Shop",
    exec: ["/usr/bin/node", "/srv/shop/server.js"],
    sockets: [{ listen: 80, noDelay: true }],
  });
  for (const text of Object.values(units)) expect(readme).toContain(`\`\`\`ini\n${text}\`\`\``);
});

const fence = "```";

/** The examples, each with the units that stand right below it. */
const examples = [
  ...readme.matchAll(
    new RegExp(`${fence}ts\n([^]*?)${fence}\n(?:\n${fence}ini\n((?:# [^]*?)?)${fence})?`, "g"),
  ),
].map(([, code, shown = ""]) => ({ code: code!, shown }));

it("README.md has examples that run, and shows of them what is really written", () => {
  const given = {
    ...api,
    writeFileSync: () => {},
    console: { log: () => {} },
    readFileSync: () => "",
  };
  expect(examples.length).toBeGreaterThanOrEqual(10);
  for (const { code, shown } of examples) {
    const statements = code.replace(/^import .*\n/gm, "").replace(/^emitUnits\(/m, "return emitUnits(");
    // oxlint-disable-next-line no-implied-eval -- the example is to run as it stands
    const run = new Function(...Object.keys(given), statements);
    const units = run(...Object.values(given)) as Record<string, string>;
    for (const [, file, lines] of shown.matchAll(/^# (\S+)\n((?:.+\n)+)/gm))
      expect(units[file!]!.split("\n")).toEqual(expect.arrayContaining(lines!.trimEnd().split("\n")));
  }
  expect(examples.filter(({ shown }) => shown !== "").length).toBeGreaterThanOrEqual(6);
});

it("README.md shows a part of what is explained", () => {
  const text = api.explanationText(
    api.explain({ name: "shop", exec: ["/usr/bin/node", "/srv/app/server.js"], sockets: [{ listen: 80 }] }),
  );
  const [, heading, told] =
    new RegExp(`${fence}text\n(shop.service \\[.*)\n\n([^]*?)${fence}`).exec(readme) ?? [];
  expect(text).toContain(`${heading}\n`);
  expect(text).toContain(told);
});

it("README.md shows a container, and names the files of a proxy, as they are really written", () => {
  const sockets = [{ listen: 80 }];
  const container = { image: "registry.example/shop:1", volumes: ["/srv/shop:/data"] };
  const units = emitUnits({ name: "shop", container, hardening: "inbound", sockets });
  expect(readme).toContain(`\`\`\`ini\n${units["shop.container"]}\`\`\``);
  const files = Object.keys(
    emitUnits({ name: "shop", exec: ["/usr/bin/node", "/srv/app/server.js"], bind: "proxy", sockets }),
  );
  expect(readme).toContain(files.map((file) => `\`${file}\``).join(", "));
});
