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
