import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { choices } from "../../../../test/lib/builder-states.ts";
import { build } from "./build.ts";

const folder = join(import.meta.dirname, "..");
const components = readdirSync(folder).filter((name) => name.endsWith(".vue"));
const form = components.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");

it("each line that the form asks for names its field and says what it does", () => {
  fc.assert(
    fc.property(choices, (state) => {
      for (const { text, explanation, source = "" } of build(state).files.flatMap(({ lines }) => lines)) {
        if (explanation?.status !== "asked") continue;
        expect(`${text} ${source}`).toMatch(/ (?:from the fields? “|follows from the )/);
        expect(explanation.reason).not.toContain("description");
        for (const [, label] of source.matchAll(/“(.+?)”/g)) expect(form).toContain(label);
      }
    }),
    { numRuns: 50 },
  );
});

it("no explanation names a field of the config without saying so", () => {
  fc.assert(
    fc.property(choices, (state) => {
      const { files, leftOut } = build(state);
      const lines = files.flatMap((file) => file.lines.flatMap(({ explanation = [] }) => explanation));
      for (const { reason, cost = "" } of [...lines, ...leftOut])
        expect(`${reason} ${cost}`.replace(/In a config for sockact, `.+?`/, "")).not.toMatch(
          /The description|\b(?:exec|ipAddress\w+|jitless|stateDirectory|readWritePaths)\b/,
        );
    }),
    { numRuns: 50 },
  );
});
