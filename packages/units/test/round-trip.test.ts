import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emitUnits, type AppDescription } from "../src/index.ts";

const answer = `
const { createServer } = require("node:http");
const { writeFileSync } = require("node:fs");
function outcome(run) { try { run(); return "done"; } catch (error) { return error.code; } }
const { argv, env } = process;
const answer = (_, response) => response.end(JSON.stringify({
  arguments: argv.slice(argv.indexOf("sample") + 1), env, cwd: process.cwd(), uid: process.getuid(),
  writesHere: outcome(() => writeFileSync("written", "")), writesHome: outcome(() => writeFileSync(env.HOME + "/written", "")),
}));
for (let fd = 3; fd < 3 + Number(env.LISTEN_FDS); fd += 1) createServer(answer).listen({ fd });`;

interface Answer {
  arguments: string[];
  env: Record<string, string>;
  cwd: string;
  uid: number;
  writesHere: string;
  writesHome: string;
}

const odd = fc.string({
  unit: fc.oneof(
    fc.constantFrom(..."\\\"'%$ \n\t\r;#\x01\x7f{}~né".split("")),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
  ),
  maxLength: 12,
});
const sample = fc.sample(odd, { seed: 20_250_305, numRuns: 300 });

/** The home of these tests is open to every user, which a description has to say. */
function inReadableHome<Description extends Omit<AppDescription, "exec">>(
  description: Description,
): Description {
  const { hardening: profile = "outbound" } = description;
  return { ...description, hardening: { profile, protectHome: "read-only" } };
}

describeWith({ privateSystemd: true }, "a service that systemd runs", () => {
  let systemd: PrivateSystemd;
  let program: string;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/home"]);
    await systemd.write("/home/me/100% $mine/server.js", answer);
    program = "/home/me/100% $mine/node é";
    await systemd.mustRun(["ln", "--symbolic", systemd.node, program]);
  });
  afterAll(() => systemd?.close());

  async function ask(
    description: Omit<AppDescription, "exec">,
    script: string[],
    address: string,
  ): Promise<Answer> {
    const units = emitUnits({ ...inReadableHome(description), exec: [program, ...script] });
    await systemd.installUnits(units);
    const sockets = Object.keys(units).filter((unit) => unit.endsWith(".socket"));
    await systemd.start(...sockets);
    const { body } = await systemd.request(address);
    return JSON.parse(body) as Answer;
  }

  it("sees the arguments, variables, folder and descriptions that were asked for, whatever is in them", async () => {
    const environment = Object.fromEntries(sample.map((value, index) => [`V${index}`, value]));
    const description = `50% of "Gitea" is $HOME; # \\n`;
    const seen = await ask(
      {
        name: "odd",
        description,
        environment,
        workingDirectory: "/home/me/100% $mine",
        sockets: [{ listen: 80, description: "100% socket" }],
      },
      ["--eval", answer, "--", "sample", ...sample],
      "http://127.0.0.1/",
    );
    expect(seen.arguments).toEqual(sample);
    expect(seen.env).toMatchObject(environment);
    expect(seen.cwd).toBe("/home/me/100% $mine");
    expect(await systemd.show("odd.service", "Description")).toBe(description);
    expect(await systemd.show("odd.socket", "Description")).toBe("100% socket");
  });

  it("gets all its sockets by name, and they are what `systemctl enable` of the service enables", async () => {
    const names = ["http", "my api", "a/b%"];
    const seen = await ask(
      {
        name: "several",
        hardening: "inbound",
        sockets: names.map((name, index) => ({ name, listen: 81 + index })),
      },
      ["--eval", answer],
      "http://127.0.0.1:82/",
    );
    expect(seen.env.LISTEN_FDNAMES!.split(":").toSorted()).toEqual(names.toSorted());
    await systemd.systemctl("enable", "several.service");
    for (const unit of ["several-http", "several-my\\x20api", "several-a\\x2fb\\x25"]) {
      expect(await systemd.show(`${unit}.socket`, "UnitFileState")).toBe("enabled");
    }
  });

  describeWith({ systemd: 253 }, "and that tells when it is ready", () => {
    const ready = `require("node:fs").writeSync(3 + process.env.LISTEN_FDNAMES.split(":").indexOf("notify"), "READY=1");`;
    const onFirst = answer.replace("fd < 3 + Number(env.LISTEN_FDS)", "fd < 4");

    it("does so with no address family at all, and has the lifecycle that was asked for", async () => {
      const { env } = await ask(
        {
          name: "lively",
          type: "notify",
          // Its program is a link to Node with another name.
          openFile: true,
          hardening: "inbound",
          watchdogSec: "1h",
          drainTimeout: "1min 30s",
          idleTimeout: "5min",
          sockets: [{ listen: 95 }],
        },
        ["--eval", onFirst + ready],
        "http://127.0.0.1:95/",
      );
      expect(env).toMatchObject({
        SOCKACT_DRAIN_TIMEOUT: "1min 30s",
        SOCKACT_IDLE_TIMEOUT: "5min",
        WATCHDOG_USEC: "3600000000",
      });
      await systemd.waitForUnit("lively.service", "ActiveState", "active");
      const properties = {
        NotifyAccess: "main",
        TimeoutStopUSec: "1min 40s",
        WatchdogUSec: "1h",
        StartLimitIntervalUSec: "0",
      };
      for (const [property, value] of Object.entries(properties))
        expect([property, await systemd.show("lively.service", property)]).toEqual([property, value]);
      expect(await systemd.show("lively.socket", "TriggerLimitIntervalUSec")).toBe("0");
    });

    it("notifies through systemd-notify, also in the sandbox", async () => {
      const units = emitUnits({
        name: "helped",
        type: "notify",
        notifyAccess: "all",
        openFile: false,
        hardening: "inbound",
        exec: ["/bin/sh", "-c", 'systemd-notify --ready && exec "$0" --eval "$1"', systemd.node, answer],
        sockets: [{ listen: 96 }],
      });
      await systemd.installUnits(units);
      await systemd.start("helped.service");
      const { env } = JSON.parse((await systemd.request("http://127.0.0.1:96/")).body) as Answer;
      expect(env["LISTEN_FDS"]).toBe("1");
    });

    describeWith({ systemd: 255 }, "where systemd bounds it,", () => {
      it("is bounded, as systemd 255 does by itself, where it ends without accepting", async () => {
        const exec = [program, "--eval", ""];
        const silent = inReadableHome({ name: "silent", sockets: [{ listen: 97 }] });
        await systemd.installUnits(emitUnits({ ...silent, exec }));
        const told = inReadableHome({ name: "told", sockets: [{ listen: 98 }] });
        await systemd.installUnits(emitUnits({ ...told, exec, type: "notify" }));
        const [byDefault, bounded] = await Promise.all(
          ["silent.socket", "told.socket"].map((unit) =>
            Promise.all(["PollLimitIntervalUSec", "PollLimitBurst"].map((name) => systemd.show(unit, name))),
          ),
        );
        expect(bounded).toEqual(["2s", "15"]);
        expect(byDefault).toEqual(bounded);
      });
    });

    it("takes turns with another instance as the same user, with the same files", async () => {
      await systemd.installUnits(
        emitUnits({
          name: "both",
          rolling: true,
          openFile: true,
          hardening: { protectHome: "read-only" },
          exec: [program, "--eval", onFirst + ready],
          sockets: [
            { name: "http", listen: 100 },
            { name: "api", listen: 101 },
          ],
        }),
      );
      await systemd.systemctl("enable", "both@blue.service");
      for (const unit of ["both-http", "both-api"])
        expect(await systemd.show(`${unit}.socket`, "UnitFileState")).toBe("enabled");
      const seen: Answer[] = [];
      await systemd.start("both@green.service");
      // Without a name the first may be either socket.
      const [port] = await Promise.any(
        [100, 101].map(
          async (number) =>
            [number, await systemd.request({ url: `http://127.0.0.1:${number}/`, timeout: 2000 })] as const,
        ),
      );
      for (const [start, stop] of [
        ["blue", "green"],
        ["green", "blue"],
      ]) {
        await systemd.start(`both@${start}.service`);
        await systemd.stop(`both@${stop}.service`);
        seen.push(JSON.parse((await systemd.request(`http://127.0.0.1:${port}/`)).body) as Answer);
      }
      expect(seen).toMatchObject([
        { uid: expect.any(Number), writesHome: "done", env: { HOME: "/var/lib/both" } },
        { uid: seen[0]!.uid, writesHome: "done" },
      ]);
    });
  });

  it("can be read in a home, and written nowhere but where it may", async () => {
    const home = { workingDirectory: "/home/me/100% $mine" };
    const script = ["/home/me/100% $mine/server.js"];
    const outbound = await ask(
      { name: "out", sockets: [{ listen: 90 }], ...home },
      script,
      "http://127.0.0.1:90/",
    );
    expect(outbound).toMatchObject({
      writesHere: "EROFS",
      writesHome: "done",
      env: { HOME: "/var/lib/out" },
    });
    expect(outbound.uid).toBeGreaterThan(60_000);
    const root = await ask(
      {
        name: "in",
        hardening: "inbound",
        user: "root",
        readWritePaths: ["/home/me/100% $mine"],
        sockets: [{ listen: "127.0.0.1:91" }],
        ...home,
      },
      script,
      "http://127.0.0.1:91/",
    );
    expect(root).toMatchObject({ writesHere: "done", uid: 0 });
  });
});
