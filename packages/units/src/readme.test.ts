import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { emitUnits } from "./index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("README.md shows the units as they are really written", () => {
  const units = emitUnits({
    name: "shop",
    description: "Shop",
    exec: ["/usr/bin/node", "/srv/shop/server.js"],
    environment: { NODE_ENV: "production" },
    sockets: [{ listen: 80, noDelay: true }],
  });
  for (const text of Object.values(units)) expect(readme).toContain(`\`\`\`ini\n${text}\`\`\``);
});

it("the README.md of the repository shows the units as they are really written", () => {
  const units = emitUnits({
    name: "shop",
    description: "Shop",
    exec: ["/usr/bin/node", "/srv/shop/server.js"],
    sockets: [{ listen: 80 }],
    hardening: "none",
  });
  const repository = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
  for (const [file, text] of Object.entries(units)) {
    expect(repository).toContain(`\`\`\`ini\n# ${file}\n${text}\`\`\``);
  }
});

it("README.md shows of its other examples what is really written", () => {
  const fence = "```";
  const examples = [
    ...readme.matchAll(
      new RegExp(
        `${fence}ts\n(emitUnits\\((?:(?!${fence})[^])*;)\n${fence}\n\n${fence}ini\n([^]*?)${fence}`,
        "g",
      ),
    ),
  ];
  expect(examples.length).toBeGreaterThanOrEqual(4);
  for (const [, call, shown] of examples) {
    // oxlint-disable-next-line no-implied-eval -- the example is to run as it stands
    const units = new Function("emitUnits", `return ${call}`)(emitUnits) as Record<string, string>;
    const files = [...shown!.matchAll(/^# (\S+)\n((?:.+\n)+)/gm)];
    expect(files.length).toBeGreaterThan(0);
    for (const [, file, lines] of files)
      expect(units[file!]!.split("\n")).toEqual(expect.arrayContaining(lines!.trimEnd().split("\n")));
  }
});

it("README.md shows a container, and names the files of a proxy, as they are really written", () => {
  const sockets = [{ listen: 80 }];
  const container = { image: "registry.example/shop:1", volumes: ["/srv/shop:/data"] };
  const units = emitUnits({ name: "shop", container, hardening: "inbound", sockets });
  expect(readme).toContain(`\`\`\`ini\n${units["shop.container"]}\`\`\``);
  const files = Object.keys(emitUnits({ name: "shop", exec: ["/usr/bin/node"], bind: "proxy", sockets }));
  expect(readme).toContain(files.map((file) => `\`${file}\``).join(", "));
});
