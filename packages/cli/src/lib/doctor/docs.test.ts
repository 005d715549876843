import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { rules } from "../../../../units/src/lib/lint/lint.ts";
import { diagnoses } from "./diagnoses.ts";
import type { Diagnosis } from "./model/diagnosis.ts";

/** The diagnoses of each theme, by their codes. */
const themes: Record<string, string> = {
  "The units and their sockets": `unit-not-loaded unit-outdated config-differs unit-edited drop-in-overrides socket-inactive socket-not-open not-enabled socket-failed port-taken port-forbidden
    address-missing loopback-only socket-in-namespace socket-starts-other service-without-socket`,
  "Starts, and services that exit": `start-limit-hit trigger-limit-hit restart-loop idle-spin never-ready start-step-failed app-crashed module-missing
    node-old runtime-bun node-options-refused`,
  "The app and its sockets": `launcher socket-not-taken socket-name-unknown proxy-header port-ignored app-warning`,
  "Reload and handover": `reload-failed handover-failed handover-waiting handover-unsupported handover-unfinished handover-unit-changed`,
  "Users, files and the sandbox": `user-missing environment-file-missing program-unreachable folder-unreachable app-unreachable file-hidden file-read-only
    file-refused syscall-killed jit-crashed memory-exhausted descriptors-exhausted address-family-refused network-cut security-denied`,
};

const page = new URL("../../../../../docs/doctor.md", import.meta.url);
const byCode = new Map(diagnoses.map((diagnosis) => [diagnosis.code, diagnosis]));

/** A sentence of a phrase. These names begin with a small letter everywhere. */
const sentence = (text: string): string =>
  `${/^(?:systemd|sockact)\b/.test(text) ? text[0] : text[0]!.toUpperCase()}${text.slice(1)}.`;

function versionsOf({ systemd, node }: Diagnosis): string {
  const range = (name: string, { from, to }: { from?: number; to?: number } = {}): string[] =>
    from === undefined && to === undefined
      ? []
      : [
          ` Applies to ${name} ${to === undefined ? `${from} and later` : from === undefined ? `${to} and earlier` : `${from} to ${to}`}.`,
        ];
  return [...range("systemd", systemd), ...range("Node", node)].join("");
}

it("docs/doctor.md has every code", async () => {
  const named = Object.values(themes).flatMap((codes) => codes.split(/\s+/));
  expect(named.toSorted()).toEqual([...byCode.keys()].toSorted());
  const sections = Object.entries(themes).map(([theme, codes]) => {
    const entries = codes.split(/\s+/).map((code) => {
      const diagnosis = byCode.get(code)!;
      const { severity, title, why, looksAt, remedy } = diagnosis;
      return [
        `#### \`${code}\`\n`,
        `${sentence(title)} ${why}${versionsOf(diagnosis)}\n`,
        `- **Severity:** ${severity}`,
        `- **What the doctor looks at:** ${looksAt}`,
        `- **What to change:** ${remedy}\n`,
      ].join("\n");
    });
    return [`### ${theme}\n`, ...entries].join("\n");
  });
  const text = readFileSync(page, "utf8");
  const made = text.replace(
    /(<!-- A test writes[^\n]*\n)[^]*(?=<!-- end -->)/,
    (_, start) => `${start}\n${sections.join("\n")}\n`,
  );
  await expect(made).toMatchFileSnapshot(page.pathname);
});

it("no code of the doctor is one of the linter", () => {
  expect([...byCode.keys()].filter((code) => code in rules)).toEqual([]);
  expect(byCode.size).toBe(diagnoses.length);
});

it("what a diagnosis explains exists", () => {
  const explained = diagnoses.flatMap(({ explains = [] }) => explains);
  expect(explained.filter((code) => !byCode.has(code) && !(code in rules))).toEqual([]);
});
