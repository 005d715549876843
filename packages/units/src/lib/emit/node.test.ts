import { describe, expect, it } from "vitest";
import type { AppDescription } from "../description/app.ts";
import { lintUnits } from "../lint/lint.ts";
import { UnitError, type UnitProblem } from "../problems.ts";
import { appFolder } from "../read/fields/app-folder.ts";
import { emitUnits } from "./emit.ts";
import { explain } from "./explain.ts";

const shop: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
};

function service(more: Partial<AppDescription>): string {
  const { exec, ...others } = { ...shop, ...more };
  const description = more.container === undefined ? { exec: exec!, ...others } : others;
  const units = emitUnits(description);
  return units[Object.keys(units).at(-1)!]!;
}

function problemsOf(more: object): readonly UnitProblem[] {
  try {
    emitUnits({ ...shop, ...more });
  } catch (error) {
    if (error instanceof UnitError) return error.problems;
    throw error;
  }
  return [];
}

const folderOf = (more: Partial<AppDescription>) => /^WorkingDirectory=(.*)$/m.exec(service(more))?.[1];

describe("the folder in which Node starts", () => {
  it.each([
    ["/srv/shop/server.js", "/srv/shop"],
    ["/srv/shop/dist/main.js", "/srv/shop"],
    ["/srv/shop/bin/www", "/srv/shop"],
    ["/srv/shop/dist/src/main.js", "/srv/shop"],
    ["/srv/shop/distribution/main.js", "/srv/shop/distribution"],
    ["/srv/100% $mine/server.js", "/srv/100%% $mine"],
    ["/srv/shop/node_modules/next/dist/bin/next", "/srv/shop"],
    ["/srv/shop/node_modules/.bin/nest", "/srv/shop"],
    ["/usr/lib/node_modules/serve/build/main.js", undefined],
    ["/server.js", undefined],
    ["/dist/server.js", undefined],
    ["/srv/shop/a/../server.js", "/srv/shop"],
    ["/srv/shop//dist//main.js", "/srv/shop"],
    ["/srv/shop/./server.js", "/srv/shop"],
    ["/srv/../../server.js", undefined],
    ["/srv/shop/.output/server/index.mjs", "/srv/shop"],
    ["/srv/shop/build/server/index.js", "/srv/shop"],
    ["/srv/shop/dist/server/entry.mjs", "/srv/shop"],
    ["/srv/shop/.next/standalone/server.js", "/srv/shop"],
    ["/srv/shop/server/index.js", "/srv/shop/server"],
    ["/usr/local/bin/serve", undefined],
    ["/usr/bin/serve", undefined],
    ["/opt/bin/serve", undefined],
    ["/opt/shop/bin/www", "/opt/shop"],
    ["/usr/lib/shop/server.js", "/usr/lib/shop"],
    ["/srv/shop /server.js", undefined],
  ])("is the app's own: that of %s is %s", (script, folder) => {
    expect(folderOf({ exec: ["/usr/bin/node", script] })).toBe(folder);
  });

  it("is found behind options, and behind env", () => {
    const script = "/srv/shop/server.js";
    for (const exec of [
      ["/usr/bin/node", "--enable-source-maps", "-r", "/opt/hook.js", script, "/srv/other/a.js"],
      ["/usr/bin/env", "node", "--import", "tsx", script],
      [{ specifier: "/opt/%i/bin/node" }, script],
    ])
      expect(folderOf({ name: "shop@main", exec })).toBe("/srv/shop");
  });

  it("expands what the script's path expands, and is not written where the file's own name does", () => {
    const template = { name: "shop@main" };
    const exec = (script: object) => ({ ...template, exec: ["/usr/bin/node", script] as never });
    expect(folderOf(exec({ specifier: "/srv/%i/dist/100%%.js" }))).toBe("/srv/%i");
    expect(folderOf(exec({ specifier: "/srv/shop/%I" }))).toBeUndefined();
    expect(appFolder(["/usr/bin/node", { variable: "SCRIPT" }])).toBeUndefined();
  });

  it("is not written where Node runs no file, nor for another program or a container", () => {
    expect(folderOf({ exec: ["/usr/bin/node", "--eval", "0", "/srv/shop/server.js"] })).toBeUndefined();
    expect(folderOf({ exec: ["/usr/bin/python3", "/srv/shop/server.py"] })).toBeUndefined();
    expect(service({ container: { image: "localhost/shop:1" } })).not.toMatch(/Working|NODE_ENV/);
  });

  it("can be changed or left out by the description", () => {
    expect(folderOf({ workingDirectory: "/srv" })).toBe("/srv");
    expect(folderOf({ workingDirectory: false })).toBeUndefined();
  });
});

describe("NODE_ENV", () => {
  it("is production for Node, in each way to a port", () => {
    for (const bind of ["socket", "capability", "proxy"] as const)
      expect(service({ bind })).toContain("\nEnvironment=NODE_ENV=production\n");
    expect(service({ exec: ["/usr/bin/python3"] })).not.toContain("NODE_ENV");
  });

  it("is the value of the description, a passed-on variable, or missing", () => {
    const variables = (more: Partial<AppDescription>) => service(more).match(/^.*NODE_ENV.*$/gm);
    expect(variables({ environment: { NODE_ENV: "staging" } })).toEqual(["Environment=NODE_ENV=staging"]);
    expect(variables({ passEnvironment: ["NODE_ENV"] })).toEqual(["PassEnvironment=NODE_ENV"]);
    expect(variables({ environment: { NODE_ENV: false } })).toBeNull();
  });
});

describe("a variable that is false", () => {
  it("is left out", () => {
    expect(service({ environment: { NODE_ENV: false, HOME: false } })).not.toMatch(/=(?:NODE_ENV|HOME)=/);
  });

  it("is refused if nothing adds it", () => {
    expect(problemsOf({ environment: { DEBUG: false } })).toMatchObject([
      {
        code: "SOCKACT_ERR_UNIT_VARIABLE",
        path: "environment.DEBUG",
        hint: "leave it out, or write 'false'",
      },
    ]);
    expect(problemsOf({ environment: { DEBUG: "false" } })).toEqual([]);
  });
});

it("explain says why Node has a folder and NODE_ENV", () => {
  const added = explain(shop).filter(({ status }) => status === "added");
  const reasonOf = (value: string) => added.find((line) => line.value === value)?.reason;
  expect(reasonOf("/srv/shop")).toContain("Relative paths");
  expect(reasonOf("NODE_ENV=production")).toContain("stack traces");
});

describe("a program that is not Node", () => {
  const python = ["/usr/bin/python3", "/srv/shop/app.py"];

  it("sends to NOTIFY_SOCKET itself, and is passed no descriptor for it unless it asks", () => {
    const text = service({ exec: python, type: "notify", hardening: "inbound" });
    expect(text).toContain("Type=notify\nNotifyAccess=main\nExecStart=");
    expect(text).toContain("RestrictAddressFamilies=AF_UNIX\n");
    expect(service({ exec: python, type: "notify", openFile: true })).toContain(
      "OpenFile=/run/systemd/notify",
    );
    expect(service({ type: "notify" })).toContain("OpenFile=/run/systemd/notify:notify\n");
  });

  it("may notify a systemd that knows no OpenFile=", () => {
    expect(problemsOf({ exec: python, type: "notify", systemd: 249 })).toEqual([]);
    expect(problemsOf({ exec: python, rolling: true, manager: "user" })).toEqual([]);
  });
});

describe("a program in a home, as a user that exists only while it runs,", () => {
  it.each<[string, object, string[]]>([
    ["exec[1]", { exec: ["/usr/bin/node", "/home/me/shop/server.js"] }, ["user", "protectHome"]],
    ["exec[0]", { exec: ["/root/.nvm/node", "/srv/shop/server.js"] }, ["protectHome"]],
    ["workingDirectory", { workingDirectory: "/home/me/shop" }, ["user", "protectHome"]],
  ])("is refused at %s", (path, more, ways) => {
    const [problem, ...others] = problemsOf(more);
    expect(problem).toMatchObject({ code: "SOCKACT_ERR_UNIT_CONFLICT", path });
    expect(others).toEqual([]);
    expect(problem!.hint.includes("set user")).toBe(ways.includes("user"));
  });

  it("is accepted in each way that the hint says", () => {
    const exec = ["/usr/bin/node", "/home/me/shop/server.js"];
    for (const more of [
      { user: "me" },
      { hardening: { protectHome: "read-only" } },
      { hardening: { profile: "none", protectHome: "read-only" } },
      { manager: "user" },
    ])
      expect(problemsOf({ exec, ...more })).toEqual([]);
  });

  it.each([
    ["/home/me/shop", "/usr/bin/node"],
    ['"/home/me/shop"', "/usr/bin/node"],
    [["/home/me/shop/", "/home/me/.nvm/node"], "/home/me/.nvm/node"],
    ["/srv/shop:/home/me/shop", "/usr/bin/node"],
  ])("is accepted where the service sees just %j of homes", (paths, node) => {
    const more = {
      exec: [node, "/home/me/shop/server.js"],
      hardening: { protectHome: "tmpfs" },
      raw: { Service: { BindReadOnlyPaths: paths } },
    };
    expect(problemsOf(more)).toEqual([]);
    const text = emitUnits({ ...shop, ...(more as object) })["shop.service"]!;
    expect(lintUnits({ "shop.service": text }).filter(({ code }) => code === "home-hidden")).toEqual([]);
  });

  it.each([
    ["tmpfs", "/home/me/other"],
    ["tmpfs", "/home/me/shop:/srv/shop"],
    [true, "/home/me/shop"],
  ])("is refused with protectHome: %j and BindReadOnlyPaths=%s", (protectHome, BindReadOnlyPaths) => {
    const more = {
      exec: ["/usr/bin/node", "/home/me/shop/server.js"],
      hardening: { protectHome },
      raw: { Service: { BindReadOnlyPaths } },
    };
    expect(problemsOf(more)).toMatchObject([{ path: "hardening.protectHome" }]);
  });
});
