import { once } from "node:events";
import { createInterface } from "node:readline";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sockactInside } from "./run.ts";
import { install, openClient, sockact } from "./services.ts";

interface Line {
  unit: string;
  from: string;
  pid: number | null;
  priority: number;
  message: string;
}

describeWith({ privateSystemd: true, systemd: 253 }, "sockact logs", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await install(systemd, { name: "shop", sockets: [{ listen: 80 }] });
    await install(systemd, { name: "pair", sockets: [{ listen: 81 }], rolling: true });
    await systemd.installUnits({
      "each.socket": "[Socket]\nListenStream=82\nAccept=yes\n",
      "each@.service":
        "[Service]\nExecStart=/bin/sh -c 'echo hello >&2; cat'\nStandardInput=socket\nStandardError=journal\n",
      "rude.socket": "[Socket]\nListenStream=83\n",
      "rude.service": `[Service]\nType=oneshot\nStandardInput=null\nExecStart=/bin/sh -c 'printf "<3>title \\\\033]0;mine\\\\007end\\\\n<7>quiet\\\\n"'\n`,
    });
    await systemd.start("each.socket", "rude.socket");
    await systemd.request("http://127.0.0.1:80/");
    await systemd.waitForJournal("shop.service", /service manager was told/);
  });
  afterAll(() => systemd?.close());

  it("shows no line if none is asked for", async () => {
    const outcome = await sockact(systemd, "logs", "shop", "-n", "0");
    expect(outcome).toMatchObject({ code: 0, stdout: "", stderr: "" });
  });

  async function jsonLines(...args: string[]): Promise<Line[]> {
    const { code, stdout, stderr } = await sockact(systemd, "logs", "--json", ...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Line);
  }

  it("shows the lines of the app and of systemd about the service and its socket, in one stream", async () => {
    const { code, stdout, stderr } = await sockact(systemd, "logs", "shop");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d systemd: Listening on shop\.socket/);
    expect(lines.at(1)).toMatch(/^\d\d:\d\d:\d\d systemd: Starting shop\.service/);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d shop\[\d+\]: sockact: listening on \[::\]:80$/m);
  });

  it("prints one JSON object a line, and as many lines as you ask for", async () => {
    const pid = Number(await systemd.show("shop.service", "MainPID"));
    const lines = await jsonLines("shop");
    expect(lines).toContainEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      unit: "shop.service",
      from: "app",
      pid,
      priority: 6,
      message: "sockact: listening on [::]:80",
    });
    expect(lines[0]).toMatchObject({ unit: "shop.socket", from: "systemd", pid: 1 });
    expect(await jsonLines("shop", "-n", "2")).toEqual(lines.slice(-2));
    expect(await jsonLines("shop", "--since", "1h ago")).toEqual(lines);
    expect((await sockact(systemd, "logs", "shop", "--since", "+1h")).stderr).toMatch(
      /^The journal has no lines of shop\.\n$/,
    );
  });

  it("shows only the lines that journalctl chooses", async () => {
    const messages = async (...args: string[]) =>
      (await jsonLines("shop", ...args)).map(({ message }) => message);
    expect(await messages("--grep", "^sockact: listening")).toEqual(["sockact: listening on [::]:80"]);
    expect((await messages("-g", "systemd|sockact", "-n", "1"))[0]).toMatch(/sockact|systemd/);
    expect(await messages("--until", "now")).toEqual(await messages());
    await systemd.start("rude.service");
    await systemd.waitForJournal("rude.service", /^title/);
    expect((await jsonLines("rude", "--priority", "err")).map(({ priority }) => priority)).toContain(3);
    expect(new Set((await jsonLines("rude", "-p", "err")).map(({ priority }) => priority))).toEqual(
      new Set([3]),
    );
    expect(await sockact(systemd, "logs", "shop", "--grep", "nothing has this")).toMatchObject({
      code: 0,
      stderr: "The journal has no such lines of shop.\n",
    });
    for (const [option, value] of [
      ["--priority", "loud"],
      ["--grep", "("],
    ] as const) {
      const { code, stderr } = await sockact(systemd, "logs", "shop", option, value);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(value) });
    }
  });

  it("shows both instances of a rolling pair", async () => {
    await systemd.start("pair@blue.service", "pair@green.service");
    const units = new Set((await jsonLines("pair")).map(({ unit }) => unit));
    expect(units).toEqual(new Set(["pair.socket", "pair@blue.service", "pair@green.service"]));
  });

  it("keeps lines of the app from changing the terminal, and colours errors", async () => {
    await systemd.start("rude.service");
    await systemd.waitForJournal("rude.service", /^title/);
    const env = { FORCE_COLOR: "1" };
    const { stdout } = await systemd.run([...sockactInside(systemd), "logs", "rude"], { env });
    expect(stdout).toContain("\u001B[31mtitle end\u001B[39m");
    expect(stdout).toContain("\u001B[2mquiet\u001B[22m");
    expect(stdout).not.toContain("\u0007");
  });

  it("refuses --follow with --until, which would never end", async () => {
    const { code, stderr } = await sockact(systemd, "logs", "shop", "--follow", "--until", "now");
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("--until") });
  });

  it("follows new lines until Ctrl-C, also those of connections that come later", async () => {
    const follow = (name: string) => {
      const child = systemd.spawn([...sockactInside(systemd), "logs", name, "--follow", "--json"]);
      const reader = createInterface({ input: child.stdout! });
      const messages: string[] = [];
      reader.on("line", (line) => messages.push((JSON.parse(line) as Line).message));
      const until = async (wanted: RegExp, times = 1) => {
        while (messages.filter((message) => wanted.test(message)).length < times) await once(reader, "line");
      };
      return { child, until };
    };
    const shop = follow("shop");
    await shop.until(/service manager was told/);
    const held = systemd.request("http://127.0.0.1:80/hold");
    await shop.until(/^holds a request$/);
    await systemd.systemctl("kill", "--signal=USR2", "shop.service");
    await held;
    shop.child.kill("SIGINT");
    expect(await once(shop.child, "close")).toEqual([0, null]);

    const each = follow("each");
    await each.until(/Listening on each\.socket/);
    await openClient(systemd, { port: 82 });
    await each.until(/^hello$/);
    await openClient(systemd, { port: 82 });
    await each.until(/^hello$/, 2);
    each.child.kill("SIGTERM");
    expect(await once(each.child, "close")).toEqual([0, null]);
    const left = "grep --no-messages --line-regexp journalctl /proc/[0-9]*/comm";
    expect(await systemd.run(["sh", "-c", left])).toMatchObject({ stdout: "" });
  });

  it("counts lines, and not records, of connections that it follows", async () => {
    const script = `const fs = require("node:fs");
console.error("first line");
console.error("second line");
for (let count = 0; count < 20; count++) fs.writeSync(4, "SOCKACT_EVENT=reloaded\\n");
`;
    await systemd.write("/run/records.cjs", script);
    await systemd.installUnits({
      "records.socket": "[Socket]\nListenStream=84\nAccept=yes\n",
      "records@.service": `[Service]\nExecStart=${systemd.node} /run/records.cjs\nOpenFile=/run/systemd/journal/socket:journal:graceful\n`,
    });
    await systemd.start("records.socket");
    await openClient(systemd, { port: 84 });
    // Its last line.
    await systemd.waitForJournal("records@*.service", /Deactivated successfully/);
    const child = systemd.spawn([
      ...sockactInside(systemd),
      "logs",
      "records",
      "--lines",
      "6",
      "--follow",
      "--json",
    ]);
    const messages: string[] = [];
    for await (const line of createInterface({ input: child.stdout! })) {
      messages.push((JSON.parse(line) as Line).message);
      if (/Deactivated/.test(line)) break;
    }
    child.kill("SIGTERM");
    expect(messages).toEqual(expect.arrayContaining(["first line", "second line"]));
  });

  it("shows a service with a namespace of the journal, and metrics count it", async () => {
    await install(systemd, {
      name: "apart",
      sockets: [{ listen: 85 }],
      raw: { Service: { LogNamespace: "own" } },
    });
    await systemd.request("http://127.0.0.1:85/");
    await systemd.waitForUnit("apart.service", "ActiveState", "active");
    const child = systemd.spawn([...sockactInside(systemd), "logs", "apart", "--follow", "--json"]);
    const seen: Line[] = [];
    for await (const line of createInterface({ input: child.stdout! })) {
      seen.push(JSON.parse(line) as Line);
      const has = (from: string, text: string) =>
        seen.some((each) => each.from === from && each.message.includes(text));
      if (has("app", "listening on") && has("systemd", "Started apart.service")) break;
    }
    child.kill("SIGTERM");
    expect((await sockact(systemd, "logs", "apart")).stdout).toContain("listening on");
    expect((await sockact(systemd, "status", "apart")).stdout).toContain("listening on");
    expect((await sockact(systemd, "metrics", "apart")).stdout).toContain(
      'sockact_starts_total{app="apart"} 1\n',
    );
  });

  it("has a hint for a user who may not read the journal", async () => {
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...sockactInside(systemd)];
    for (const args of [
      ["logs", "shop"],
      ["logs", "shop", "--follow"],
    ]) {
      const { code, stdout, stderr } = await systemd.run([...nobody, ...args]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(
        /you may not read the journal of shop \(SOCKACT_ERR_JOURNAL\)\n.*\n.* systemd-journal/,
      );
    }
  });

  it("refuses an invalid time or number, and a service that does not exist", async () => {
    const when = await sockact(systemd, "logs", "shop", "--since", "soon");
    expect(when.code).toBe(2);
    expect(when.stderr).toMatch(/soon.* \(SOCKACT_ERR_USAGE\)\n.*"10min ago"/);
    expect((await sockact(systemd, "logs", "shop", "-n", "many")).code).toBe(2);
    expect((await sockact(systemd, "logs", "nothing")).stderr).toContain("SOCKACT_ERR_UNIT_UNKNOWN");
  });
});
