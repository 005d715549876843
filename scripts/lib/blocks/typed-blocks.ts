import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Block, noteOf, placeOf } from "./page-blocks.ts";
import { importsOurs } from "./snippets.ts";

/** The languages of blocks that TypeScript checks. */
export const scriptLanguages: readonly string[] = ["js", "ts"];

/**
 * Whether examples/readmes.test.ts runs a block: it uses a package of ours, or is the CommonJS form of one
 * that does.
 */
const isRun = (code: string): boolean =>
  importsOurs(code) || /\brequire\("(?:@sockact\/|sockact")/.test(code);

/** What a part of a program may use without an import: names with the same meaning on all our pages. */
const ambient = `
declare const app: import("express").Express;
declare const server: import("node:http").Server;
declare const cache: { warmUp(): Promise<void> };
declare const settings: { read(): Promise<void> };
declare const database: { close(): Promise<void> };
declare const systemdListen: typeof import("@sockact/express").systemdListen;
declare const listen: typeof import("@sockact/core").listen;
declare const keepAwake: typeof import("@sockact/core").keepAwake;
declare const activatedSockets: typeof import("@sockact/core").activatedSockets;
declare const claimSocket: typeof import("@sockact/core").claimSocket;
declare const emitUnits: typeof import("@sockact/units").emitUnits;
`;

/** Fields without an object around them are those of a description of an app. */
const isFields = (code: string): boolean => /^(?:\/\/.*\n)*\w+: /.test(code);

/** A block that is compiled by itself, as a file. */
function fileOf({ language, code }: Block): { suffix: string; text: string } {
  if (isFields(code)) {
    const text = `const fields: Partial<import("@sockact/units").AppDescription> = {\n${code.trimEnd().replace(/(?<![,{])$/, ",")}\n};\nexport { fields };\n`;
    return { suffix: ".mts", text };
  }
  const isCommonJs = language === "js" && /\brequire\(/.test(code) && !/^import /m.test(code);
  const suffix = isCommonJs ? ".cjs" : language === "js" ? ".mjs" : ".mts";
  return { suffix, text: suffix === ".cjs" ? code : `${code}\nexport {};\n` };
}

/** The blocks that are compiled by themselves, because nothing else checks them. */
export const isTypedAlone = (block: Block): boolean =>
  scriptLanguages.includes(block.language) &&
  noteOf(block, "from") === undefined &&
  noteOf(block, "not run") === undefined &&
  !isRun(block.code);

/** The TypeScript errors of these blocks. JavaScript is checked with the types of its imports. */
export async function typeProblems(blocks: readonly Block[], root: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "sockact-blocks-"));
  try {
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    writeFileSync(join(folder, "ambient.d.ts"), ambient);
    const places = new Map<string, string>();
    for (const [index, block] of blocks.entries()) {
      const { suffix, text } = fileOf(block);
      places.set(`block-${index}${suffix}`, placeOf(block));
      writeFileSync(join(folder, `block-${index}${suffix}`), text);
    }
    const compilerOptions = {
      module: "NodeNext",
      target: "ES2023",
      lib: ["ES2023"],
      types: ["node"],
      strict: true,
      noImplicitAny: false,
      allowJs: true,
      checkJs: true,
      skipLibCheck: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      customConditions: ["@sockact/source"],
    };
    const files = ["ambient.d.ts", ...places.keys()];
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const printed = await new Promise<string>((resolve) => {
      execFile(
        process.execPath,
        [tsc, "-p", folder, "--pretty", "false"],
        { cwd: folder },
        (_error, stdout) => resolve(stdout),
      );
    });
    return printed
      .split("\n")
      .filter((line) => /^\S+: error /.test(line) || line.startsWith("error "))
      .map((line) => line.replace(/^(block-\d+\.\w+)/, (name) => `${places.get(name)} (compiled by itself)`));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
