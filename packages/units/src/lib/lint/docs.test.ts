import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { faults, faulty } from "../../../test/faults.ts";
import { fixUnits } from "./fix.ts";
import { lintUnits, rules, type FindingCode } from "./lint.ts";

const intro = `# What the linter looks for

The codes of \`lintUnits()\` of \`@sockact/units\`. Made from its tables by \`packages/units/src/lib/lint/docs.test.ts\`; \`npx vitest run packages/units/src/lib/lint/docs.test.ts -u\` writes it
anew. \`packages/units/test/faults.ts\` has a pair of units with each fault.

An **error** is what systemd does not load, or what does not serve; a **warning** will hurt; an **info** could be better. \`fixUnits()\` mends those with a ✓ where no person has to choose.
`;

it("docs/lint.md has every code", async () => {
  const mended = new Set(
    faults
      .flatMap((fault) => lintUnits(faulty(fault)))
      .flatMap(({ code, edits }) => (edits === undefined ? [] : [code])),
  );
  const lines = Object.entries(rules).map(
    ([code, { severity, why, man }]) =>
      `| \`${code}\` | ${severity} | ${why} | ${mended.has(code as FindingCode) ? "✓" : ""} | ${man} |`,
  );
  const table = ["| code | | why | mends | see |", "|---|---|---|---|---|", ...lines].join("\n");
  await expect(`${intro}\n${table}\n`).toMatchFileSnapshot("../../../../../docs/lint.md");
});

it("README.md shows what the linter says, and what is mended", () => {
  const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
  const files = {
    "shop.socket": "[Socket]\nListenStream=80\n\n[Install]\nWantedBy=sockets.target\n",
    "shop.service": "[Service]\nExecStart=/usr/bin/npm start\nMemoryDenyWriteExecute=yes\nUser=shop\n",
  };
  const told = lintUnits(files).map(
    ({ file, line, severity, code, message, fix }) =>
      `${file}:${line} ${severity} ${code}: ${message}\n  ${fix}\n`,
  );
  expect(readme).toContain(`\`\`\`text\n${told.join("")}\`\`\``);
  const service = fixUnits(files)["shop.service"]!;
  expect(readme).toContain(`\`\`\`ini\n# shop.service\n${service}\`\`\``);
});
