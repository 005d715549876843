import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { ask, factsOf, HandoverService, type HandoverUnits, insidePath } from "./reloaded-service.ts";

/** What the program says about its process. */
interface SaidByProgram {
  pid: number;
  args: string[];
  execArgv: string[];
  title: string;
  release?: string;
  variables: string[];
  inherited: string[];
}

/** Each service has ports of its own, and runs in a link to its newest release. */
const SERVICES = ["args", "relative", "titled", "absolute", "fixed", "copies"] as const;
type Name = (typeof SERVICES)[number];
const portOf = (name: Name): number => 8000 + 10 * SERVICES.indexOf(name);
const folderOf = (name: Name): string => `/run/current-${name}`;

const ARGS = ["two words", "", "$HOME `id` \\\\ 'single' \\\"double\\\"", ""];

describeWith({ privateSystemd: true, systemd: 253 }, "the new process of a handover", () => {
  let systemd: PrivateSystemd;
  let services: HandoverService[];
  const serviceOf = (name: Name): HandoverService => services[SERVICES.indexOf(name)] as HandoverService;
  const at = (name: Name): string => `127.0.0.1:${portOf(name)}`;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    const { node } = systemd;
    const program = insidePath(systemd, "programs/handover-servers.mjs");
    for (const release of ["one", "two", "three"])
      await systemd.write(
        `/run/releases/${release}/app.mjs`,
        `globalThis.release = "${release}"; await import("${program}");`,
      );
    await Promise.all(SERVICES.map((name) => deploy(name, "one")));
    await writeCopies();
    const quoted = ARGS.map((arg) => `"${arg.replaceAll("$", "$$$$")}"`).join(" ");
    const pwd = (name: Name): string => `Environment=PWD=${folderOf(name)}`;
    const units: Record<Name, HandoverUnits> = {
      args: { exec: `${node} --max-old-space-size=100 --title "a title" ${program} ${quoted}` },
      relative: { exec: `${node} app.mjs`, lines: pwd("relative") },
      titled: { exec: `${node} app.mjs`, lines: pwd("titled"), env: { TITLE: "shop" } },
      absolute: { exec: `${node} ${folderOf("absolute")}/app.mjs` },
      fixed: { exec: `${node} app.mjs`, lines: "UnsetEnvironment=PWD" },
      copies: {
        exec: `${node} /run/copies/app.mjs`,
        sockets: {
          first: { listen: at("copies") },
          second: { listen: `127.0.0.1:${portOf("copies") + 1}` },
        },
      },
    };
    services = await HandoverService.startAll(
      systemd,
      SERVICES.map((name) => ({
        name,
        sockets: { http: { listen: at(name) } },
        ...units[name],
        lines: `WorkingDirectory=${folderOf(name)}\n${units[name].lines ?? ""}`,
      })),
    );
  });
  afterAll(async () => systemd?.close());

  const deploy = (name: Name, release: string): Promise<unknown> =>
    systemd.mustRun(["ln", "-sfn", `/run/releases/${release}`, folderOf(name)]);

  /** An app with two copies of the package. */
  async function writeCopies(): Promise<void> {
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
  }

  async function saidBy(name: Name): Promise<SaidByProgram> {
    await using client = await serviceOf(name).connect(at(name));
    const response = await client.get("/process").receives(/\}$/);
    return JSON.parse(response.slice(response.indexOf("{"))) as SaidByProgram;
  }

  test("has the same arguments, variables and descriptors, and no process.send()", async () => {
    const service = serviceOf("args");
    const before = await saidBy("args");
    expect(before).toMatchObject({
      args: ["two words", "", "$HOME `id` \\ 'single' \"double\"", ""],
      execArgv: ["--max-old-space-size=100", "--title", "a title"],
      title: "a title",
      variables: [],
      inherited: [],
    });
    const facts = [];
    for (let count = 0; count < 2; count++) {
      const old = await service.pid();
      const pid = await service.reload();
      await service.untilGone(old);
      const { memory: _, ...rest } = await factsOf(service);
      facts.push(rest);
      expect(await saidBy("args")).toEqual({ ...before, pid });
    }
    expect(facts[1]).toEqual(facts[0]);
  });

  test.each([
    ["a relative path, and PWD", "relative", {}],
    ["a relative path, PWD, and an app that sets process.title", "titled", { title: "shop", args: [] }],
    ["an absolute path", "absolute", {}],
  ] as const)("runs the code of the next release: %s", async (_, name, facts) => {
    const service = serviceOf(name);
    for (const release of ["two", "three"]) {
      await using client = await service.idle(at(name));
      await deploy(name, release);
      const before = await service.pid();
      const pid = await service.reload();
      expect(await saidBy(name)).toMatchObject({ pid, release, ...facts });
      await service.untilGone(before);
      expect(await ask(client)).toMatchObject({ pid });
    }
  });

  test("runs the code of the first release if its path is relative, and the unit has no PWD", async () => {
    await deploy("fixed", "two");
    const pid = await serviceOf("fixed").reload();
    expect(await saidBy("fixed")).toMatchObject({ pid, release: "one" });
  });

  test("is reported to every copy of the package in it", async () => {
    const service = serviceOf("copies");
    await using first = await service.idle(at("copies"));
    await using second = await service.idle(`127.0.0.1:${portOf("copies") + 1}`);
    const before = await service.pid();
    const pid = await service.reload();
    await service.untilGone(before);
    expect(await ask(first)).toMatchObject({ pid, name: "first" });
    expect(await ask(second)).toMatchObject({ pid, name: "second" });
  });
});
