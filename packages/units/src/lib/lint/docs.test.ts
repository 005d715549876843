import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { faults, faulty } from "../../../test/faults.ts";
import { fixUnits } from "./fix.ts";
import type { Rule } from "./findings/finding.ts";
import { lintUnits, rules, type FindingCode } from "./lint.ts";
import { environmentRules } from "./rules/service/environment.ts";
import { handoverRules } from "./rules/service/handover.ts";
import { installRules } from "./rules/service/install.ts";
import { lifecycleRules } from "./rules/service/lifecycle.ts";
import { notifyRules } from "./rules/service/notify.ts";
import { preloadRules } from "./rules/service/preload.ts";
import { proxyProtocolRules } from "./rules/service/proxy-protocol.ts";
import { portsRules } from "./rules/service/ports.ts";
import { programRules } from "./rules/service/program.ts";
import { sandboxRules } from "./rules/service/sandbox.ts";
import { socketRules } from "./rules/socket.ts";
import { syntaxRules } from "./rules/syntax.ts";

/** Two units with mistakes, which the page shows with what the linter finds in them. */
const wrongUnits = {
  "shop.socket": "[Socket]\nListenStream=80\n\n[Install]\nWantedBy=sockets.target\n",
  "shop.service": "[Service]\nExecStart=/usr/bin/npm start\nMemoryDenyWriteExecute=yes\nUser=shop\n",
};

const example = `import { readFileSync } from "node:fs";
import { fixUnits, lintUnits } from "@sockact/units";

const names = ["shop.socket", "shop.service"];
const files = Object.fromEntries(names.map((name) => [name, readFileSync(name, "utf8")]));
for (const { file, line, severity, code, message, fix } of lintUnits(files))
  console.log(\`\${file}:\${line} \${severity} \${code}: \${message}\\n  \${fix}\`);
console.log(fixUnits(files)["shop.service"]);
`;

/** Runs the example with the two units, and returns the strings that it prints. */
function printedByExample(): string[] {
  const printed: string[] = [];
  const given = {
    readFileSync: (file: keyof typeof wrongUnits) => wrongUnits[file],
    lintUnits,
    fixUnits,
    console: { log: (text: string) => printed.push(text) },
  };
  const statements = example.replaceAll(/^import .*\n/gm, "");
  // oxlint-disable-next-line no-implied-eval -- the example must run as it is shown
  new Function(...Object.keys(given), statements)(...Object.values(given));
  return printed;
}

const block = (language: string, text: string) => `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;

const intro = (printed: readonly string[]) => `# What the linter looks for

What does a code from \`sockact lint\` mean? The linter reads unit files and drop-ins. It reports lines that systemd would refuse, and lines that systemd accepts although they cause harm. This page explains each code.

\`\`\`sh
npx sockact lint deploy/         # the unit files in a folder
npx sockact lint deploy/ --fix   # also makes the changes that need no decision of yours
\`\`\`

For the options, see [Command line](command-line.md#lint-a-repository). That page also explains how to leave out a finding, and how to run the linter in CI. \`sockact explain CODE\` prints the entry of a code on this page.

**Lint the service together with its socket unit.** Most rules about sockets, restarts and launchers apply only if a socket starts the service. For a service without its socket, the linter reports little. \`sockact lint\` reads all units in a folder together. To check units without a terminal, paste them on [Check your units](check.md).

## How do I read a finding?

Each code below has these parts:

- **Severity.** An **error** means that systemd does not load the unit, or that your app does not work. A **warning** means that the unit will cause trouble. An **info** means that the unit could be better.
- **Fixed by \`sockact lint --fix\`.** This line says when \`--fix\` makes the change for you. It makes no change that a drop-in would undo. If the line is missing, you always have to make the change yourself.
- **See.** This is the manual page or the package that the rule comes from.

## How do I lint units in my own code?

Use \`lintUnits()\` and \`fixUnits()\` from [@sockact/units](../packages/units/README.md). Here are two units with mistakes:

<!-- lint finds: exec-launcher, jit-killed -->
${block(
  "ini",
  Object.entries(wrongUnits)
    .map(([file, text]) => `# ${file}\n${text}`)
    .join("\n"),
)}

This code prints what is wrong with them, and then the service with the changes that \`fixUnits\` makes:

${block("ts", example)}

In CommonJS: \`const { readFileSync } = require("node:fs");\` and \`const { fixUnits, lintUnits } = require("@sockact/units");\`

<!-- from: docs/outputs/lint-shop.txt -->
${block("text", printed.join("\n"))}

- **A finding** has \`file\`, \`line\`, \`severity\`, \`code\`, \`message\`, \`why\` and \`fix\`. It also has \`edits\` if \`fixUnits\` can make the change.
- **\`fixUnits\` makes only changes that need no decision of yours.** It never changes the program or its user, never removes a protection, and never activates a line that systemd ignores, such as a misspelled directive. The only exception is \`StartLimitIntervalSec=0\` under \`[Service]\`. It keeps every other byte of the file, including comments.
- **In this example, \`fixUnits\` does not change the start limit.** Without the limit, systemd would keep starting a service that crashes, until you add \`Restart=\` and \`RestartSec=\`.
- **Drop-ins** have names such as \`shop.service.d/10-port.conf\`.
- **Units for a user's service manager** are recognized by a folder \`systemd/user\` in their path, or by \`OpenFile=/run/user/<uid>/systemd/notify\`. For others, write \`lintUnits(files, { user: true })\`.
- **Both functions take time** in proportion to the size of the files.
`;

const outro = `## How is this page made?

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
  "The handover at a reload": handoverRules,
  "Users, files and the sandbox": sandboxRules,
  "Environment variables": environmentRules,
  "The preload": preloadRules,
  "The PROXY protocol": proxyProtocolRules,
  "What systemctl enable does": installRules,
};

/** When fixUnits makes the change. */
const fixedWhen: Partial<Record<FindingCode, string>> = {
  "value-obsolete": "always",
  "address-conflict": "if one file has the same address twice",
  "socket-not-installed": "always",
  "free-bind": "always",
  "requires-missing":
    "if the program is Node, has only this socket and is not enabled itself, and neither unit has an ordering such as Before= or Conflicts=. The socket may have After=network.target",
  "directive-misplaced":
    "for StartLimitIntervalSec=0 under [Service], if Restart= applies to a crash, RestartSec= is at least half a second, and the service has no condition, OnFailure= or StartLimitAction=",
  "service-missing": "if Accept=yes is in the way of a service that runs Node",
  "socket-wanted-by":
    "if the socket is for one target, needs no other unit, and has no address of a network interface and no path outside /run",
  "trigger-limit": "if Restart= applies to every exit, and RestartSec= is not in a drop-in",
  "start-limit":
    "if Restart= applies to a crash, RestartSec= is not in a drop-in, and the service has no condition, OnFailure= or StartLimitAction=",
  "restart-fast":
    "if RestartSec= is missing, or if the service has a socket and RestartSec= is not in a drop-in",
  "stop-timeout": "if no timeout is set",
  "handover-impossible":
    "if Type= does not notify, and the unit has OpenFile= or belongs to the system's service manager",
  "handover-unheard":
    "if the unit has no ExecReload=, or one that only sends SIGHUP, and SOCKACT_RELOAD_RESULT is missing or in a folder of RuntimeDirectory=",
  "open-file-path": "if the path is absolute, in a unit of the system's service manager",
  "system-call-kills": "always",
  "variable-reserved": "for LISTEN_PID and similar variables, if the quotes of the line are closed",
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
      return [
        `### \`${code}\``,
        "",
        // Vue would read <uid> as an element.
        why.replaceAll(/\S*<\w+>[^\s.,]*/g, "`$&`"),
        "",
        `- **Severity:** ${severity}`,
        ...when,
        `- **See:** ${man}`,
        "",
      ];
    });
    return [`## ${title}`, "", ...entries.flat()].join("\n");
  });
  const printed = printedByExample();
  await expect(`${printed.join("\n").trimEnd()}\n`).toMatchFileSnapshot(
    "../../../../../docs/outputs/lint-shop.txt",
  );
  await expect([intro(printed), ...sections, outro].join("\n")).toMatchFileSnapshot(
    "../../../../../docs/lint.md",
  );
});

it("the example of docs/lint.md is also in README.md", () => {
  const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
  expect(readme).toContain(block("ts", example));
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
