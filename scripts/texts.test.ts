import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as texts from "../packages/shared/src/texts.ts";
import { root } from "./lib/packages.ts";

const packages = join(root, "packages");
const files = readdirSync(packages, { recursive: true, encoding: "utf8" }).filter(
  (file) =>
    /^[^/]+\/src\/.*(?<!\.test)\.ts$/.test(file) &&
    !/^test(?:ing|kit)\//.test(file) &&
    !file.endsWith("/texts.ts"),
);
/** The code without comments, which may quote what the journal shows. */
const codeOf = (file: string): string =>
  readFileSync(join(packages, file), "utf8").replaceAll(/^ *(?:\/\/|\/?\*).*$/gm, "");

const sentences = Object.entries(texts).flatMap(([name, text]) =>
  typeof text === "string" && text.includes(" ") && name !== "PREFIX" ? [[name, text] as const] : [],
);

test.each(sentences)("only texts.ts has the words of %s, which the command line looks for", (_, text) => {
  expect(files.length).toBeGreaterThan(400);
  expect(files.filter((file) => codeOf(file).includes(text))).toEqual([]);
});
