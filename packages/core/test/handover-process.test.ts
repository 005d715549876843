import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { ask, HandoverService, type HandoverUnits, insidePath } from "./reloaded-service.ts";

/** What the program says about its process. */
interface Facts {
  pid: number;
  args: string[];
  execArgv: string[];
  title: string;
  release?: string;
  variables: string[];
  inherited: string[];
}

describeWith({ privateSystemd: true, systemd: 253 }, "the new process of a handover", () => {
  let systemd: PrivateSystemd;
  let program: string;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    program = insidePath(systemd, "programs/handover-servers.mjs");
  });
  afterAll(async () => systemd?.close());

  async function factsOf(service: HandoverService): Promise<Facts> {
    await using client = await service.connect();
    const response = await client.get("/process").receives(/\}$/);
    return JSON.parse(response.slice(response.indexOf("{"))) as Facts;
  }

  /** A service that runs `node COMMAND` in a symlink to its newest release. */
  async function releases(
    command: string,
    units: HandoverUnits,
  ): Promise<{ service: HandoverService; deploy(release: string): Promise<unknown> }> {
    for (const release of ["one", "two", "three"])
      await systemd.write(
        `/run/releases/${release}/app.mjs`,
        `globalThis.release = "${release}"; await import("${program}");`,
      );
    const deploy = (release: string): Promise<unknown> =>
      systemd.mustRun(["ln", "-sfn", `/run/releases/${release}`, "/run/current"]);
    await deploy("one");
    const exec = `${systemd.node} ${command}`;
    return { service: await HandoverService.start(systemd, { ...units, exec }), deploy };
  }

  test("has the same arguments, also those with spaces, and empty ones", async () => {
    const args = ["two words", "", "$HOME `id` \\\\ 'single' \\\"double\\\"", ""];
    const quoted = args.map((arg) => `"${arg.replaceAll("$", "$$$$")}"`).join(" ");
    await using service = await HandoverService.start(systemd, {
      exec: `${systemd.node} --max-old-space-size=100 --title "a title" ${program} ${quoted}`,
    });
    const before = await factsOf(service);
    expect(before).toMatchObject({
      args: ["two words", "", "$HOME `id` \\ 'single' \"double\"", ""],
      execArgv: ["--max-old-space-size=100", "--title", "a title"],
      title: "a title",
    });
    for (let count = 0; count < 2; count++) {
      const pid = await service.reload();
      expect(await factsOf(service)).toEqual({ ...before, pid });
    }
  });

  test("starts after the app has set process.title", async () => {
    await using service = await HandoverService.start(systemd, { env: { TITLE: "shop" } });
    for (let count = 0; count < 2; count++) {
      const pid = await service.reload();
      expect(await factsOf(service)).toMatchObject({ pid, args: [], title: "shop" });
    }
  });

  test("shows no variable, and no process.send(), that is not meant for the app and its children", async () => {
    await using service = await HandoverService.start(systemd);
    const before = await factsOf(service);
    expect(before).toMatchObject({ variables: [], inherited: [] });
    await service.reload();
    expect(await factsOf(service)).toMatchObject({ variables: [], inherited: [] });
  });

  test.each([
    ["a relative path, and PWD", "app.mjs", "Environment=PWD=/run/current", {}],
    ["a relative path, PWD, and process.title", "app.mjs", "Environment=PWD=/run/current", { TITLE: "x" }],
    ["an absolute path", "/run/current/app.mjs", "", {}],
  ])("runs the code of the next release: %s", async (_, command, line, env) => {
    const lines = `WorkingDirectory=/run/current\n${line}`;
    const { service, deploy } = await releases(command, { lines, env });
    await using running = service;
    for (const release of ["two", "three"]) {
      await using client = await running.idle();
      await deploy(release);
      const before = await running.pid();
      const pid = await running.reload();
      expect(await factsOf(running)).toMatchObject({ pid, release });
      await running.untilGone(before);
      expect(await ask(client)).toMatchObject({ pid });
    }
  });

  test("runs the code of the first release if its path is relative, and the unit has no PWD", async () => {
    const { service, deploy } = await releases("app.mjs", { lines: "WorkingDirectory=/run/current" });
    await using running = service;
    await deploy("two");
    const pid = await running.reload();
    expect(await factsOf(running)).toMatchObject({ pid, release: "one" });
  });

  test("is reported to every copy of the package in it", async () => {
    const copies = "/run/copies/node_modules/@sockact";
    await systemd.mustRun(["mkdir", "-p", copies]);
    for (const name of ["core", "notify"])
      await systemd.mustRun([
        "cp",
        "--recursive",
        "--dereference",
        `${systemd.project}/packages/${name}`,
        copies,
      ]);
    await systemd.write(
      "/run/copies/app.mjs",
      `import { createRequire } from "node:module";
import { createServer } from "node:http";
import { listen } from "${systemd.project}/packages/core/dist/index.js";
const copy = createRequire(import.meta.url)("@sockact/core");
if (copy.listen === listen) throw new Error("there is only one copy");
const server = (name) => createServer((request, response) => response.end(JSON.stringify({ pid: process.pid, name, facts: {} })));
await listen(server("first"), { name: "first" });
await copy.listen(server("second"), { name: "second" });`,
    );
    await using service = await HandoverService.start(systemd, {
      sockets: { first: "ListenStream=127.0.0.1:80", second: "ListenStream=127.0.0.1:81" },
      exec: `${systemd.node} /run/copies/app.mjs`,
    });
    await using first = await service.idle("127.0.0.1:80");
    await using second = await service.idle("127.0.0.1:81");
    const before = await service.pid();
    const pid = await service.reload();
    await service.untilGone(before);
    expect(await ask(first)).toMatchObject({ pid, name: "first" });
    expect(await ask(second)).toMatchObject({ pid, name: "second" });
  });
});
