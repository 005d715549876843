import { describe, expect, it } from "vitest";
import type { AppDescription } from "../../description/app.ts";
import { UnitError } from "../../problems.ts";
import { emitUnits } from "../../emit/emit.ts";
import { explain } from "../../emit/explain.ts";

const shop: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  compileCache: true,
  sockets: [{ listen: 80 }],
};

/** The lines of the service that have to do with the cache. */
function cacheLines(more: Partial<AppDescription>): string[] {
  const units = Object.entries(emitUnits({ ...shop, ...more }));
  const [, service] = units.findLast(([file]) => /^shop@?\.service$/.test(file))!;
  return service.split("\n").filter((line) => /CacheDirectory=|COMPILE_CACHE/.test(line));
}

/** Where the problems of a description are, and what they say. */
function problemsOf(more: object): string[] {
  try {
    emitUnits({ ...shop, ...more });
  } catch (error) {
    if (error instanceof UnitError)
      return error.problems.map(({ path, finding, message }) => `${path}: ${finding ?? message}`);
    throw error;
  }
  return [];
}

describe("compileCache", () => {
  it("gives the service a cache folder, and names it to Node", () => {
    expect(cacheLines({})).toEqual([
      "CacheDirectory=shop",
      "Environment=NODE_COMPILE_CACHE=%C/shop/node-compile-cache",
    ]);
    expect(cacheLines({ compileCache: false })).toEqual([]);
  });

  it("is in the cache folder that the description names, the first of several", () => {
    expect(cacheLines({ cacheDirectory: ["100% mine", "second"] })).toEqual([
      'CacheDirectory="100%% mine"',
      "CacheDirectory=second",
      'Environment="NODE_COMPILE_CACHE=%C/100%% mine/node-compile-cache"',
    ]);
    expect(cacheLines({ cacheDirectory: { specifier: "%p" } })).toEqual([
      "CacheDirectory=%p",
      "Environment=NODE_COMPILE_CACHE=%C/%p/node-compile-cache",
    ]);
  });

  it.each<[string, Partial<AppDescription>]>([
    ["a rolling restart", { rolling: true }],
    ["a template", { template: true, sockets: [{ listen: { specifier: "/run/shop-%i.sock" } }] }],
    ["a service behind a proxy", { bind: "proxy" }],
    ["a service with a capability", { bind: "capability" }],
    ["a user's own service manager", { manager: "user", uid: 1000, sockets: [{ listen: 8080 }] }],
    ["no sandbox", { hardening: "none" }],
    ["no compiler", { jitless: true }],
  ])("is the same for %s, whose instances share it", (_title, more) => {
    expect(cacheLines(more)).toEqual(cacheLines({}));
  });

  it("has its reason in a comment, and in the result of explain", () => {
    const text = emitUnits(shop, { comments: true })["shop.service"];
    expect(text).toMatch(/# Node keeps the compiled code .*\nCacheDirectory=shop\nEnvironment=NODE_COMPILE/);
    const told = explain(shop).filter(({ reason }) => reason.startsWith("Node keeps the compiled code"));
    expect(told.map(({ directive, status }) => [directive, status])).toEqual([
      ["CacheDirectory", "added"],
      ["Environment", "added"],
    ]);
  });

  it.each<[string, object, string]>([
    [
      "a program that is not Node",
      { exec: ["/usr/bin/deno", "/srv/app.js"] },
      'compileCache: "/usr/bin/deno" is not Node, and only Node reads NODE_COMPILE_CACHE',
    ],
    [
      "a folder that the description names by itself",
      { environment: { NODE_COMPILE_CACHE: "/srv/cache" } },
      "compileCache: the description also sets NODE_COMPILE_CACHE",
    ],
    [
      "a variable that is passed on",
      { passEnvironment: ["NODE_COMPILE_CACHE"] },
      "compileCache: the description also sets NODE_COMPILE_CACHE",
    ],
    [
      "a cache that is turned off",
      { environment: { NODE_DISABLE_COMPILE_CACHE: "1" } },
      "compileCache: NODE_DISABLE_COMPILE_CACHE turns the cache off",
    ],
    ["what is not a boolean", { compileCache: "/srv/cache" }, 'compileCache: "/srv/cache" is not a boolean'],
    [
      "a container",
      { container: { image: "localhost/shop:1" } },
      "compileCache: it does not apply to a container",
    ],
    [
      "a container that runs the program of its image",
      { exec: undefined, container: { image: "localhost/shop:1" } },
      "compileCache: it does not apply to a container",
    ],
    ["a missing program", { exec: undefined }, "exec: it is missing"],
    [
      "a socket in the folder",
      { sockets: [{ listen: "/var/cache/shop/app.sock" }] },
      "sockets[0].listen: runtime-directory",
    ],
  ])("refuses %s", (_title, more, problem) => {
    expect(problemsOf(more)).toEqual([problem]);
  });
});
