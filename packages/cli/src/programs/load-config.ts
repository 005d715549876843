// Evaluates a config, and writes its exports as JSON to descriptor 3. Under sudo, this program starts as root
// and becomes the user who called sudo before it reads the config: only root may be able to read the program,
// if root's npx installed it.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import type { ConfigAnswer, ConfigRequest } from "../lib/config/evaluate.ts";
import { plainValue, PlainValueError } from "../lib/config/plain-value.ts";
import { answer } from "../lib/shared/ask-program.ts";
import { becomeUser } from "../lib/shared/become-user.ts";

const { file, user } = JSON.parse(process.argv[2] as string) as ConfigRequest;

void load().then(
  (value) => answer({ value } satisfies ConfigAnswer),
  (error: unknown) => answer({ error: describe(error) } satisfies ConfigAnswer),
);

async function load(): Promise<unknown> {
  const evaluate = await evaluatorOf(file);
  if (user !== undefined) becomeUser(user);
  process.chdir(dirname(file));
  const exported = await evaluate();
  return plainValue(typeof exported === "function" ? await (exported as () => unknown)() : exported);
}

/** Loads what the format needs, and returns a function that evaluates the file. */
async function evaluatorOf(path: string): Promise<() => Promise<unknown>> {
  switch (extname(path)) {
    case ".json":
      return async () => parseJson(path);
    case ".ts":
    case ".mts":
      return compiled(path);
    case ".js":
      return isMisnamedModule(path) ? compiled(path) : imported(path);
    default:
      return imported(path);
  }
}

function imported(path: string): () => Promise<unknown> {
  return async () => {
    const exported = (await import(pathToFileURL(path).href)) as { default?: unknown };
    return exported.default;
  };
}

async function compiled(path: string): Promise<() => Promise<unknown>> {
  const { createJiti } = await import("jiti");
  const jiti = createJiti(path, { fsCache: false });
  // jiti loads its compiler on first use, which must be before the change of user.
  jiti.transform({ source: "export {}", ts: true });
  return () => jiti.import(path, { default: true });
}

/**
 * Whether a file looks like an ES module in a folder with `"type": "commonjs"`, as npm init writes it. Node
 * detects the syntax of a file only without that field. jiti loads both kinds.
 */
function isMisnamedModule(path: string): boolean {
  return /^\s*(?:import|export)\b/m.test(textOf(path)) && typeOf(dirname(path)) === "commonjs";
}

/** The field `type` of the nearest package.json. */
function typeOf(folder: string): unknown {
  const text = textOf(join(folder, "package.json"));
  if (text === "") return dirname(folder) === folder ? undefined : typeOf(dirname(folder));
  try {
    return (JSON.parse(text) as { type?: unknown } | null)?.type;
  } catch {
    return undefined;
  }
}

/** Empty if the file can't be read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** JSON.parse() of Node 20 reports a position, but no line. */
function parseJson(path: string): unknown {
  const text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const [, position = text.length] = /at position (\d+)/.exec(error.message) ?? [];
    const lines = text.slice(0, Number(position)).split("\n");
    error.stack = `${path}:${lines.length}:${lines.at(-1)!.length + 1}`;
    throw error;
  }
}

function describe(error: unknown): NonNullable<ConfigAnswer["error"]> {
  if (error instanceof PlainValueError) return { kind: "value", message: error.message };
  if (!(error instanceof Error)) return { kind: "thrown", message: String(error) };
  const { message, code } = error as NodeJS.ErrnoException;
  const stack = String(error.stack);
  const isSyntax = error instanceof SyntaxError || /ParseError|BABEL/.test(`${stack}${code}`);
  return isSyntax
    ? { kind: "syntax", message, stack: stack.includes(file) ? stack : whatNodeChecks() }
    : { kind: "thrown", message, code, stack };
}

/** The place of a syntax error in an ES module, which Node only prints. */
function whatNodeChecks(): string {
  return spawnSync(process.execPath, ["--check", file], { encoding: "utf8" }).stderr ?? "";
}
