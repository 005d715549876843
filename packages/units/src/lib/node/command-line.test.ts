import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { nodeCommand } from "./command-line.ts";

it.each<[words: string, options: string[], script: string | undefined, preloads?: string[]]>([
  ["node server.js --watch", [], "server.js"],
  ["node --watch server.js", ["--watch"], "server.js"],
  [
    "node --import ./a.mjs --env-file=.env server.js",
    ["--import", "--env-file=.env"],
    "server.js",
    ["./a.mjs"],
  ],
  [
    "node --require=a --import=b=c server.js -r d",
    ["--require=a", "--import=b=c"],
    "server.js",
    ["a", "b=c"],
  ],
  ["node -r dotenv/config server.js", ["-r"], "server.js", ["dotenv/config"]],
  ["node -- -odd.js", [], "-odd.js"],
  ["node --run start", ["--run"], undefined],
  ["node --bench", ["--bench"], undefined],
  ["node --max-old-space-size-percentage 50 server.js", ["--max-old-space-size-percentage"], "server.js"],
  ["node --process-timeout 30s server.js", ["--process-timeout"], "server.js"],
  ["node -e 1", ["-e"], undefined],
  ["node", [], undefined],
])("reads %s", (words, options, script, preloads = []) => {
  expect(nodeCommand(words.split(" "))).toEqual({ options, preloads, script });
});

it("knows each option of this Node that takes the next word as its value", () => {
  const { stdout } = spawnSync(process.execPath, ["--help"], { encoding: "utf8" });
  const documented = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)(?:=\.\.\.)/gm)].map(([, name]) => name!);
  expect(documented.length).toBeGreaterThan(20);
  // Options for tests and benchmarks run no server, and the value of --trace-require-module is in the same
  // word.
  const others = /^--(?:(?:experimental-)?test-|bench-|trace-require-module$)/;
  const missed = documented.filter(
    (name) => !others.test(name) && nodeCommand(["node", name, "value", "server.js"]).script === "value",
  );
  expect(missed).toEqual([]);
});
