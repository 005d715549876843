// Evaluates a config, and writes what it exports as JSON to descriptor 3. Under sudo this program starts as root and becomes the user who
// has called sudo before it reads the config: its own code may be where only root can read, as npx of root installs it.
import { readFileSync, writeSync } from "node:fs";
import { dirname, extname } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import type { ConfigAnswer, ConfigRequest } from "../lib/config/evaluate.ts";
import { plainValue, PlainValueError } from "../lib/config/plain-value.ts";

const { file, user } = JSON.parse(process.argv[2] as string) as ConfigRequest;

void load().then(
  (value) => answer({ value }),
  (error: unknown) => answer({ error: describe(error) }),
);

async function load(): Promise<unknown> {
  const evaluate = await evaluatorOf(file);
  if (user !== undefined) becomeUser(user);
  process.chdir(dirname(file));
  const exported = await evaluate();
  return plainValue(typeof exported === "function" ? await (exported as () => unknown)() : exported);
}

/** Loads what the format needs, and returns what evaluates the file. */
async function evaluatorOf(path: string): Promise<() => Promise<unknown>> {
  switch (extname(path)) {
    case ".json":
      return async () => parseJson(path);
    case ".ts":
    case ".mts": {
      const { createJiti } = await import("jiti");
      const jiti = createJiti(path, { fsCache: false });
      // jiti loads its compiler when it first compiles, and that must be before the change of user.
      jiti.transform({ source: "export {}", ts: true });
      return () => jiti.import(path, { default: true });
    }
    default:
      return async () => {
        const exported = (await import(pathToFileURL(path).href)) as { default?: unknown };
        return exported.default;
      };
  }
}

/** JSON.parse() of Node 20 tells a position, and no line. */
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

function becomeUser({ name, uid, gid }: NonNullable<ConfigRequest["user"]>): void {
  // Node's types lack it.
  (process as unknown as { initgroups(user: string, group: number): void }).initgroups(name, gid);
  process.setgid!(gid);
  process.setuid!(uid);
  if (process.getuid!() !== uid || process.geteuid!() !== uid || process.getegid!() !== gid)
    throw new Error(`can't become user ${name}`);
}

function describe(error: unknown): NonNullable<ConfigAnswer["error"]> {
  if (error instanceof PlainValueError) return { kind: "value", message: error.message };
  if (!(error instanceof Error)) return { kind: "thrown", message: String(error) };
  const stack = String(error.stack ?? "");
  const { message } = error;
  const kind =
    error instanceof SyntaxError || /ParseError|BABEL/.test(`${stack}${(error as { code?: string }).code}`)
      ? "syntax"
      : "thrown";
  return { kind, message, code: (error as NodeJS.ErrnoException).code, stack };
}

function answer(message: ConfigAnswer): void {
  let rest = Buffer.from(`${JSON.stringify(message)}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(3, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
  }
}
