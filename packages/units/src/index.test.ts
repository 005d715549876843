import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { emitUnits, UnitError, type AppDescription } from "./index.ts";

/**
 * What an app gets that imports these names, for any platform: a module of Node cannot be resolved, and fails
 * the build.
 */
async function bundle(names: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export ${names} from "./index.ts"`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    },
    bundle: true,
    minify: true,
    platform: "neutral",
    format: "iife",
    globalName: "units",
    write: false,
    logLevel: "silent",
  });
  return outputFiles[0]!.text;
}

describe("without Node", () => {
  const description: AppDescription = {
    name: "shop",
    exec: ["/usr/bin/node", "/srv/a\nb $HOME %n é"],
    environment: { A: "ü\t" },
    drainTimeout: "1min 0.5s",
    sockets: [
      { name: "http", listen: [80, "[::1]:8080"] },
      { name: "my api", listen: "/run/ä.sock" },
    ],
  };
  const wrong = { name: "\ud800", exec: ["node"], sockets: [{ listen: "localhost:80", Backlog: 1 }] };

  it("writes the same units, and finds the same problems", async () => {
    const realm = createContext({});
    const evaluate = (code: string): unknown =>
      JSON.parse(runInContext(`JSON.stringify(${code})`, realm) as string);
    expect(evaluate("[typeof process, typeof Buffer, typeof TextEncoder, typeof URL]")).toEqual(
      Array(4).fill("undefined"),
    );
    runInContext(await bundle("*"), realm);
    expect(evaluate(`units.emitUnits(${JSON.stringify(description)}, { comments: true })`)).toEqual(
      emitUnits(description, { comments: true }),
    );
    const refused = (call: () => unknown): unknown => {
      try {
        return call();
      } catch (error) {
        return (error as UnitError).problems;
      }
    };
    expect(evaluate(`(${String(refused)})(() => units.emitUnits(${JSON.stringify(wrong)}))`)).toEqual(
      refused(() => emitUnits(wrong as AppDescription)),
    );
  });
});

describe("the bundle", () => {
  // Bytes, minified and compressed: what it has, and about 15 % more. A growth beyond that should be wanted,
  // not happen. What emits carries the linter, too, which looks at what is written.
  it.each([
    ["{ emitUnits }", 98_000],
    ["*", 100_000],
  ])("of %s is small", async (names, budget) => {
    const size = gzipSync(await bundle(names), { level: 9 }).length;
    expect(size).toBeLessThan(budget);
    expect(size).toBeGreaterThan(budget * 0.8);
  });
});
