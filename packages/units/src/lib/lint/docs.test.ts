import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { faults, faulty } from "../../../test/faults.ts";
import { fixUnits } from "./fix.ts";
import type { Rule } from "./findings/finding.ts";
import { lintUnits, rules, type FindingCode } from "./lint.ts";
import { environmentRules } from "./rules/service/environment.ts";
import { installRules } from "./rules/service/install.ts";
import { lifecycleRules } from "./rules/service/lifecycle.ts";
import { notifyRules } from "./rules/service/notify.ts";
import { preloadRules } from "./rules/service/preload.ts";
import { portsRules } from "./rules/service/ports.ts";
import { programRules } from "./rules/service/program.ts";
import { sandboxRules } from "./rules/service/sandbox.ts";
import { socketRules } from "./rules/socket.ts";
import { syntaxRules } from "./rules/syntax.ts";

const intro = `# What the linter looks for

\`sockact lint\` reads unit files and drop-ins and reports findings. Each finding has one of the codes below.

\`\`\`sh
npx sockact lint deploy/         # the unit files in a folder
npx sockact lint deploy/ --fix   # also makes the changes that need no decision of yours
\`\`\`

[docs/command-line.md](command-line.md#lint-a-repository) has the options, how to leave out a finding, and how to run it in CI. \`sockact explain CODE\` prints what this page says of a code. In your own code, the same linter is \`lintUnits()\` of \`@sockact/units\`, and \`fixUnits()\` makes the changes.

The linter needs the service and its socket unit together. Most rules about sockets, restarts and launchers need to know that a socket starts the service: for a service alone, the linter says little. \`sockact lint\` reads all units of a folder together. Pass them together to \`lintUnits()\` too.

Each code has:

- **Severity**: an **error** means that systemd does not load the unit, or that your app does not work. A **warning** means that it will cause trouble. An **info** is a hint: it could be better.
- **Fixed by \`sockact lint --fix\`**: when \`sockact lint --fix\` and \`fixUnits()\` make the change. Otherwise they leave the change to you, and so they do if a drop-in would take the change back. Without this line, they never make it.
- **See**: the manual page or the package that has the rule.
`;

const outro = `## How this page is made

A test makes this page from the tables of the linter. To update it, run \`npx vitest run packages/units/src/lib/lint/docs.test.ts -u\`.
\`packages/units/test/faults.ts\` has an example of each finding.
`;

const themes: Record<string, Readonly<Record<string, Pick<Rule<never>, "severity" | "why" | "man">>>> = {
  "Files, lines and values": syntaxRules,
  "The socket unit": socketRules,
  "The program that the service runs": programRules,
  "The service and its sockets": portsRules,
  "Starts, restarts and stops": lifecycleRules,
  "Ready messages and the watchdog": notifyRules,
  "Users, files and the sandbox": sandboxRules,
  "Environment variables": environmentRules,
  "The preload": preloadRules,
  "What systemctl enable does": installRules,
};

/** When fixUnits makes the change. */
const fixedWhen: Partial<Record<FindingCode, string>> = {
  "value-obsolete": "always",
  "address-conflict": "when one file has the same address twice",
  "socket-not-installed": "always",
  "free-bind": "always",
  "requires-missing":
    "when Node has this one socket and is not enabled by itself, and neither unit says how it is ordered, in Before=, Conflicts= or the like",
  "start-limit":
    "when Restart= applies to a crash, with RestartSec= of a second or more, and there is no condition, OnFailure= or StartLimitAction=",
  "restart-fast": "when RestartSec= is not written",
  "stop-timeout": "when no timeout is written",
  "open-file-path": "when the path is absolute, in a unit of the system manager",
  "system-call-kills": "always",
  "variable-reserved": "for LISTEN_PID and the like, when the quotes of the line are closed",
  "also-missing": "always",
};

it("docs/lint.md has every code", async () => {
  const fixed = new Set(
    faults
      .flatMap((fault) => lintUnits(faulty(fault)))
      .flatMap(({ code, edits }) => (edits === undefined ? [] : [code])),
  );
  expect(Object.keys(fixedWhen).toSorted()).toEqual([...fixed].toSorted());
  expect(Object.values(themes).flatMap(Object.keys).toSorted()).toEqual(Object.keys(rules).toSorted());
  const sections = Object.entries(themes).map(([title, codes]) => {
    const entries = Object.entries(codes).map(([code, { severity, why, man }]) => {
      const when = fixed.has(code as FindingCode)
        ? [`- **Fixed by \`sockact lint --fix\`:** ${fixedWhen[code as FindingCode]}`]
        : [];
      return [`### \`${code}\``, "", why, "", `- **Severity:** ${severity}`, ...when, `- **See:** ${man}`, ""];
    });
    return [`## ${title}`, "", ...entries.flat()].join("\n");
  });
  await expect([intro, ...sections, outro].join("\n")).toMatchFileSnapshot("../../../../../docs/lint.md");
});

it("README.md shows two units, and what its example prints of them", () => {
  const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
  const files = {
    "shop.socket": "[Socket]\nListenStream=80\n\n[Install]\nWantedBy=sockets.target\n",
    "shop.service": "[Service]\nExecStart=/usr/bin/npm start\nMemoryDenyWriteExecute=yes\nUser=shop\n",
  };
  for (const [file, text] of Object.entries(files))
    expect(readme).toContain(`\`\`\`ini\n# ${file}\n${text}\`\`\``);
  const example = /```ts\nimport \{ readFileSync[^]*?\n\n([^]*?)```/.exec(readme)![1]!;
  const printed: string[] = [];
  const given = {
    readFileSync: (file: keyof typeof files) => files[file],
    lintUnits,
    fixUnits,
    console: { log: (text: string) => printed.push(text) },
  };
  // oxlint-disable-next-line no-implied-eval -- the example is to run as it stands
  new Function(...Object.keys(given), example)(...Object.values(given));
  const service = printed.pop();
  expect(readme).toContain(`\`\`\`text\n${printed.join("\n")}\n\`\`\``);
  expect(readme).toContain(`\`\`\`ini\n# shop.service\n${service}\`\`\``);
});

it("finds nothing in the units of docs/preload.md", () => {
  const page = readFileSync(new URL("../../../../../docs/preload.md", import.meta.url), "utf8");
  const units = Array.from(page.matchAll(/```ini\n# (\S+)\n([^]*?)```/g), ([, file, text]) => [file, text]);
  expect(units.map(([file]) => file).join(" ")).toBe(
    "app.socket app.service app.socket app-admin.socket app.service",
  );
  for (const app of [units.slice(0, 2), units.slice(2)])
    expect(lintUnits(Object.fromEntries(app) as Record<string, string>)).toEqual([]);
});
