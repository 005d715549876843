import { readlinkSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type CommandResult, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { installed, useMachine } from "./machine.ts";

/** An app with a package. At /where, it says which file runs. */
const app = (greeting: string): string => `
const { createServer } = require("node:http");
const { hello } = require("greeter");
if (require.main !== module) throw new Error("not the main module");
createServer((request, response) => {
  if (request.url === "/where") response.end(new Error("where").stack.split("\\n")[1]);
  else if (request.url === "/facts") response.end([__dirname, require.main.filename, process.argv[1]].join());
  else response.end(hello(${JSON.stringify(greeting)}));
}).listen(3000);
`;
const greeter = {
  "node_modules/greeter/package.json": `{ "name": "greeter", "main": "./greeter.js" }`,
  "node_modules/greeter/greeter.js": "exports.hello = (whom) => `Hello, ${whom}`;\n",
};

describeWith({ privateSystemd: true }, "sockact install --bundle", () => {
  const machine = useMachine();
  const { call, files, uninstall } = machine;
  let systemd: PrivateSystemd;
  beforeAll(() => {
    ({ systemd } = machine);
    const project = join(systemd.project, "node_modules");
    for (const name of ["rolldown", "@rolldown", "@oxc-project"])
      symlinkSync(join(project, name), systemd.hostPath(`${installed}/node_modules/${name}`));
  });

  const write = async (folder: string, content: Record<string, string>): Promise<void> => {
    for (const [name, text] of Object.entries(content)) {
      if (name.startsWith("link")) await systemd.mustRun(["ln", "-s", text, `${folder}/${name}`]);
      else await systemd.write(`${folder}/${name}`, text);
    }
  };
  const get = async (path: string): Promise<string> =>
    (await systemd.request(`http://127.0.0.1:3000${path}`)).body;
  const install = async (folder: string, ...args: string[]): Promise<CommandResult> =>
    call(folder, ["install", "server.js", "--bundle", "--yes", "--json", ...args]);
  const bundleOf = ({ stdout }: CommandResult): object => JSON.parse(stdout)[0].bundle;

  test("runs the app from one file, and uninstall removes all of it", async () => {
    const before = await files();
    await write("/srv/shop", { "server.js": app("world"), ...greeter });
    const result = await install("/srv/shop");
    expect(result).toMatchObject({ code: 0 });
    expect(bundleOf(result)).toMatchObject({ entry: "/srv/shop/server.js", modules: 2, outside: [] });
    expect(await get("/where")).toMatch(/\/var\/lib\/sockact\/shop\/files\/bundle-[\da-f]{16}\.cjs/);
    expect(await get("/facts")).toBe("/srv/shop,/srv/shop/server.js,/srv/shop/server.js");
    expect(await call("/srv/shop", ["install", "server.js", "--bundle", "--yes"])).toMatchObject({
      stdout: expect.stringContaining("was installed already, and nothing has changed"),
    });
    await uninstall("shop");
    expect(await files()).toEqual(before);
  });

  test("leaves the values of variables to the start", async () => {
    const text = "response.end(String(process.env.NODE_ENV))";
    await write("/srv/mode", {
      "server.js": `require("node:http").createServer((request, response) => ${text}).listen(3000);`,
      "mode.env": "NODE_ENV=staging\n",
    });
    const result = await install("/srv/mode", "--environment-file", "mode.env");
    expect(bundleOf(result)).toMatchObject({ modules: 1 });
    expect(await get("/")).toBe("staging");
    await uninstall("mode");
  });

  const asleep = `require("node:http").createServer((request, response) => response.end("ok")).listen(3000);\n`;
  const inBundle = `new Error("x").stack.includes("/bundle-")`;

  test.each([
    ["dynamic", /server\.js:1 loads modules/, { "server.js": `require("./" + "a");\n${asleep}`, "a.js": "" }],
    ["eval", /server\.js:1 calls eval/, { "server.js": `eval("1");\n${asleep}` }],
    ["tracer", /dd-trace/, { "server.js": asleep, "node_modules/dd-trace/package.json": "{}" }],
    ["elsewhere", /imports \/etc\/hosts\.json/, { "server.js": `require("/etc/hosts.json");\n${asleep}` }],
    [
      "elsewhere",
      /imports \/etc\/hosts\.json/,
      { "server.js": `require("./link.json");\n${asleep}`, "link.json": "/etc/hosts.json" },
    ],
    [
      "start",
      /Error: not in a bundle/,
      { "server.js": `if (${inBundle}) throw new Error("not in a bundle");\n${asleep}` },
    ],
    ["answer", /the page/, { "server.js": asleep.replace('"ok"', `${inBundle} ? "bundle" : "app"`) }],
    [
      "answer",
      /status 200, and then 404/,
      { "server.js": asleep.replace("=> ", `=> (response.statusCode = ${inBundle} ? 404 : 200) && `) },
    ],
  ])("runs the app as it is, and says why: %s, %s", async (code, reason, content: Record<string, string>) => {
    await systemd.write("/etc/hosts.json", "{}");
    await write("/srv/asis", content);
    const result = await install("/srv/asis");
    expect(result).toMatchObject({ code: 0 });
    expect(bundleOf(result)).toMatchObject({ fallback: { code, reason: expect.stringMatching(reason) } });
    expect((await systemd.request("http://127.0.0.1:3000/")).status).toBe(200);
    expect(await systemd.mustRun(["ls", "/var/lib/sockact/asis/files"])).not.toMatch(/bundle-/);
    expect(await call("/srv/asis", ["install", "server.js", "--bundle", "--yes"])).toMatchObject({
      stdout: expect.stringMatching(new RegExp(`not bundled: .*\\(${code}\\)`)),
    });
    await uninstall("asis");
    await systemd.mustRun(["rm", "-r", "/srv/asis"]);
  });

  describe("of TypeScript", () => {
    const typed = (version: string): string =>
      `import { createServer, type Server } from "node:http";
const version: string = ${JSON.stringify(version)};
const server: Server = createServer((request, response) => void response.end(version));
server.listen(3000);
`;

    test("also runs what this Node can't run, and refuses it if it can't be bundled", async () => {
      await write("/srv/typed", { "server.mts": typed("1") });
      const args = ["install", "server.mts", "--bundle", "--yes", "--json"];
      expect(bundleOf(await call("/srv/typed", args))).toMatchObject({ modules: 1 });
      expect(await get("/")).toBe("1");
      await write("/srv/typed", { "server.mts": typed("2") });
      expect(await call("/", ["restart", "typed"])).toMatchObject({ code: 0 });
      expect(await get("/")).toBe("2");
      await write("/srv/typed", { "server.mts": `import(process.argv[1] as string);\n${typed("3")}` });
      const restarted = await call("/", ["restart", "typed"]);
      expect(restarted.stderr).toMatch(/server\.mts:1 loads modules .*\(dynamic\)/);
      // Later versions of Node leave types out by themselves.
      const kept = process.versions.node.startsWith("20.");
      expect([restarted.code, await get("/")]).toEqual(kept ? [1, "2"] : [0, "3"]);
      await uninstall("typed");
    });
  });

  test("does not open what only some users may read", async () => {
    await write("/srv/closed", { "server.js": `require("./secret.js");\n${asleep}`, "secret.js": "" });
    await systemd.mustRun(["useradd", "--no-create-home", "closed-app"]);
    await systemd.mustRun(["chmod", "640", "/srv/closed/secret.js"]);
    await systemd.mustRun(["chown", "-R", "closed-app", "/srv/closed"]);
    const result = await install("/srv/closed", "--run-as", "closed-app");
    expect(bundleOf(result)).toMatchObject({
      fallback: { code: "closed", reason: expect.stringContaining("/srv/closed/secret.js") },
    });
    await uninstall("closed");
  });

  test("runs the bundler of the app as its owner, never as root", async () => {
    const own = systemd.hostPath(`${installed}/node_modules/rolldown`);
    const target = readlinkSync(own);
    unlinkSync(own);
    try {
      await write("/srv/owned", {
        "server.js": asleep,
        "node_modules/rolldown/package.json": `{ "main": "index.js" }`,
        "node_modules/rolldown/index.js": `throw new Error([process.getuid(), process.getgroups()].join());\n`,
      });
      await systemd.mustRun(["useradd", "--uid", "1234", "--no-create-home", "owner"]);
      await systemd.mustRun(["useradd", "--uid", "1235", "--no-create-home", "other"]);
      await systemd.mustRun(["chown", "-R", "owner", "/srv/owned"]);
      const said = async (sudoUid?: string) =>
        call("/srv/owned", ["install", "server.js", "--bundle", "--dry-run", "--json"], {
          env: sudoUid === undefined ? {} : { SUDO_UID: sudoUid },
        });
      const ran = (user: number) => ({ stderr: expect.stringContaining(`loaded: ${user},${user}`) });
      expect(await said()).toMatchObject(ran(1234));
      expect(await said("1234")).toMatchObject(ran(1234));
      // Another user could replace files of root and of this one by links.
      expect(await said("1235")).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("can't fetch it"),
      });
      await systemd.mustRun(["chown", "-R", "root", "/srv/owned"]);
      expect(await said()).toMatchObject(ran(65534));
      expect(await said("1235")).toMatchObject(ran(1235));
      await systemd.mustRun(["chmod", "o+w", "/srv/owned/node_modules/rolldown"]);
      expect(await said()).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/can't fetch it: [^]*npm install --save-dev rolldown[^]*/),
      });
    } finally {
      symlinkSync(target, own);
    }
  });

  describe("for new code", () => {
    const versioned = (version: string): string =>
      `require("node:http").createServer((request, response) => response.end(request.url === "/where" ? new Error("x").stack : ${JSON.stringify(version)})).listen(3000);\n`;

    test("restart bundles it again, and a version that does not start leaves the earlier one", async () => {
      await write("/srv/next", { "server.js": versioned("1") });
      await install("/srv/next");
      const first = await get("/where");
      await write("/srv/next", { "server.js": versioned("2") });
      expect((await call("/", ["status", "next"])).stdout).toMatch(
        /Bundle +1 modules in one file\n +older than the code of the app, .*: sudo .*npx sockact restart next\n/,
      );
      await systemd.mustRun(["systemctl", "restart", "next"]);
      expect(await get("/")).toBe("1");
      const restarted = await call("/", ["restart", "next", "--json"]);
      expect(JSON.parse(restarted.stdout)).toMatchObject({ outcome: "restarted", bundle: { modules: 1 } });
      expect(await get("/")).toBe("2");
      expect(await get("/where")).not.toBe(first);
      expect(await systemd.mustRun(["ls", "/var/lib/sockact/next/files"])).toMatch(
        /^bundle-\w+\.cjs\nbundle\.cjs\nregister\.cjs\n$/,
      );
      await write("/srv/next", { "server.js": `throw new Error("no database");\n` });
      expect(await call("/", ["restart", "next"])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("no database"),
      });
      expect(await get("/")).toBe("2");
      await write("/srv/next", { "server.js": `if (${inBundle}) throw new Error("no");\n${versioned("3")}` });
      const fallen = await call("/", ["restart", "next", "--json"]);
      expect(JSON.parse(fallen.stdout)).toMatchObject({ bundle: { fallback: { code: "start" } } });
      expect(await get("/")).toBe("3");
      await write("/srv/next", { "server.js": versioned("4") });
      expect(await call("/", ["restart", "next"])).toMatchObject({
        code: 0,
        stderr: expect.stringContaining("1 modules in one file"),
      });
      expect(await get("/where")).toContain("/bundle-");
      await uninstall("next");
    });

    test("another release behind the same link runs as it is, until it is bundled", async () => {
      await write("/srv/linked/1", { "server.js": versioned("1") });
      await write("/srv/linked/2", { "server.js": versioned("2") });
      const use = async (release: string) => systemd.mustRun(["ln", "-sfn", release, "/srv/linked/current"]);
      await use("1");
      const exec = ["node", "./current/server.js"];
      const config = { name: "linked", exec, sockets: [{ listen: 3000 }], preload: true, bundle: true };
      await systemd.write("/srv/linked/sockact.config.json", JSON.stringify(config));
      expect(bundleOf(await call("/srv/linked", ["install", "--yes", "--json"]))).toMatchObject({
        modules: 1,
      });
      expect((await call("/srv/linked", ["units", "--diff"])).stdout).toBe("");
      expect((await call("/srv/linked", ["doctor", "linked"])).stdout).not.toContain("config-differs");
      await use("2");
      await systemd.mustRun(["systemctl", "restart", "linked"]);
      expect(await get("/where")).toContain("/srv/linked/2/server.js:1");
      await call("/", ["restart", "linked"]);
      expect(await get("/where")).toContain("/bundle-");
      expect(await get("/")).toBe("2");
      await use("1");
      await call("/", ["restart", "linked"]);
      expect(await get("/")).toBe("1");
      await uninstall("linked");
    });

    test("a rolling pair bundles it again", async () => {
      await write("/srv/pair", { "server.js": versioned("1") });
      const config = {
        name: "pair",
        exec: ["node", "./server.js"],
        preload: true,
        rolling: true,
        bundle: true,
      };
      const sockets = [{ listen: 3000 }];
      await systemd.write("/srv/pair/sockact.config.json", JSON.stringify({ ...config, sockets }));
      expect(bundleOf(await call("/srv/pair", ["install", "--yes", "--json"]))).toMatchObject({ modules: 1 });
      await write("/srv/pair", { "server.js": versioned("2") });
      const turned = await call("/", ["restart", "pair", "--json"]);
      expect(JSON.parse(turned.stdout)).toMatchObject({ outcome: "turned", bundle: { modules: 1 } });
      expect(await get("/where")).toContain("/bundle-");
      expect(await get("/")).toBe("2");
      await uninstall("pair");
    });

    describeWith({ systemd: 253 }, "with a handover", () => {
      test("reload bundles it again, and a version that does not start leaves the old process", async () => {
        await write("/srv/handed", { "server.js": versioned("1") });
        await install("/srv/handed", "--handover");
        expect(await get("/where")).toContain("/bundle-");
        await write("/srv/handed", { "server.js": versioned("2") });
        const reloaded = await call("/", ["reload", "handed", "--json"]);
        expect(JSON.parse(reloaded.stdout)).toMatchObject({ bundle: { modules: 1 } });
        expect(await get("/")).toBe("2");
        expect(await get("/where")).toContain("/bundle-");
        const kept = await systemd.mustRun(["ls", "/var/lib/sockact/handed/files"]);
        await write("/srv/handed", { "server.js": `throw new Error("no database");\n` });
        expect(await call("/", ["reload", "handed"])).toMatchObject({ code: 1 });
        expect(await get("/")).toBe("2");
        expect(await systemd.mustRun(["ls", "/var/lib/sockact/handed/files"])).toBe(kept);
        await write("/srv/handed", {
          "server.js": `if (${inBundle}) throw new Error("no");\n${versioned("3")}`,
        });
        const fallen = await call("/", ["reload", "handed", "--json"]);
        expect(JSON.parse(fallen.stdout)).toMatchObject({ bundle: { fallback: { code: "start" } } });
        expect(await get("/")).toBe("3");
        await uninstall("handed");
      });
    });
  });
});
