import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emitUnits, type AppDescription } from "../src/index.ts";

/** Answers with what it was given: its arguments, where it is, and the names of its descriptors. */
const answer = `
const { createServer } = require("node:http");
const { writeFileSync, readFileSync } = require("node:fs");
const { argv, env } = process;
function outcome(run) { try { run(); return "done"; } catch (error) { return error.code; } }
const tell = (_, response) => response.end(JSON.stringify({
  pid: process.pid, uid: process.getuid(), argument: argv.at(-1), names: env.LISTEN_FDNAMES, state: env.STATE_DIRECTORY, home: env.HOME,
  remote: env.REMOTE_ADDR, writesState: outcome(() => writeFileSync(env.STATE_DIRECTORY + "/x", "")), privileges: /NoNewPrivs:\\t(.)/.exec(readFileSync("/proc/self/status"))[1],
  writesAround: outcome(() => writeFileSync("/var/tmp/../x", "")),
}));`;
const listening = `${answer}\ncreateServer(tell).listen({ fd: 3 });`;
const connected = `${answer}
const { Socket } = require("node:net");
const server = createServer(tell);
server.emit("connection", new Socket({ fd: 3 }));`;

interface Answer {
  pid: number;
  uid: number;
  argument: string;
  names: string;
  state: string;
  home: string;
  remote?: string;
  writesState: string;
  writesAround: string;
  privileges: string;
}

describeWith({ privateSystemd: true, systemd: 254 }, "under the real systemd", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  const ask = async (url: string) => JSON.parse((await systemd.request(url)).body) as Answer;

  describe("a process for each connection", () => {
    it("is started with its connection, and leaves nothing behind when it has failed", async () => {
      const exec = (script: string) => [systemd.node, "--eval", script, "--", { specifier: "%i" }] as const;
      await systemd.installUnits(
        emitUnits({
          name: "each",
          exec: exec(connected),
          sockets: [{ listen: ["[::]:80", "/run/each.sock"], accept: true }],
        }),
      );
      await systemd.start("each.socket");
      const answers = [await ask("http://127.0.0.1/"), await ask("http://127.0.0.1/")];
      expect(answers[0]).toMatchObject({ names: "connection", remote: "127.0.0.1", writesState: "done" });
      expect(answers[0]!.pid).not.toBe(answers[1]!.pid);
      expect(answers[0]!.argument).toMatch(/^\d+-(?:\d+-)*127\.0\.0\.1:80-127\.0\.0\.1:\d+$/);
      expect(await systemd.show("each.socket", "NAccepted")).toBe("2");

      await systemd.installUnits(
        emitUnits({
          name: "fails",
          exec: exec("process.exit(1)"),
          sockets: [{ listen: 81, accept: true }],
        }),
      );
      await systemd.start("fails.socket");
      for (let count = 0; count < 3; count += 1)
        await systemd.request("http://127.0.0.1:81/").catch(() => {});
      await systemd.waitForUnit("fails.socket", "NConnections", "0");
      expect(await systemd.show("fails.socket", "NAccepted")).toBe("3");
      expect(await systemd.systemctl("list-units", "--all", "--plain", "--no-legend", "fails@*")).toBe("");
      expect(await systemd.show("fails.socket", "ActiveState")).toBe("active");
    });

    it("reads the request from standard input, as inetd had it, and its errors are only in the journal", async () => {
      const script = 'read -r line; echo "seen: $line"; echo "complaint" >&2';
      await systemd.installUnits(
        emitUnits({
          name: "inetd",
          inetd: true,
          hardening: "inbound",
          exec: ["/bin/sh", "-c", script],
          sockets: [{ listen: "/run/inetd.sock", accept: true, maxConnections: 2 }],
        }),
      );
      await systemd.start("inetd.socket");
      const client = `const socket = require("node:net").connect("/run/inetd.sock"); socket.pipe(process.stdout); socket.write("hello\\n");`;
      expect(await systemd.mustRun([systemd.node, "--eval", client])).toBe("seen: hello\n");
      await systemd.waitUntil(
        async () =>
          (await systemd.mustRun(["journalctl", "--no-pager", "--output=cat"])).includes("complaint"),
        "the complaint is in the journal",
      );
    });

    it("is bounded as systemd bounds it by itself", async () => {
      const socket = { listen: 82, accept: true };
      const pair: Omit<AppDescription, "name"> = {
        exec: [systemd.node, "/srv/app/server.js"],
        sockets: [socket],
      };
      await systemd.installUnits(emitUnits({ ...pair, name: "byitself" }));
      await systemd.installUnits(emitUnits({ ...pair, name: "told", systemd: 255 }));
      const limits = (unit: string) =>
        Promise.all(
          ["PollLimitIntervalUSec", "PollLimitBurst"].map((property) => systemd.show(unit, property)),
        );
      expect(await limits("told.socket")).toEqual(await limits("byitself.socket"));
    });
  });

  describe("a template", () => {
    it("gives each instance its own sockets, service and folder, and enables the named instance", async () => {
      const listen = (name: string) => ({ specifier: `/run/many/${name}-%i.sock` });
      await systemd.installUnits(
        emitUnits({
          name: "many",
          template: true,
          defaultInstance: "one",
          exec: [systemd.node, "--eval", listening, "--", { specifier: "%i %I" }],
          sockets: [
            { name: "http", listen: listen("http") },
            { name: "api", listen: listen("api") },
          ],
        }),
      );
      await systemd.start("many-http@one.socket", "many-api@one.socket", "many-http@a-b.socket");
      const seen: Answer[] = [];
      for (const instance of ["one", "a-b"]) {
        await systemd.start(`many@${instance}.service`);
        const sockets = (await systemd.show(`many@${instance}.service`, "TriggeredBy")).split(" ");
        expect(sockets.toSorted()).toEqual([`many-api@${instance}.socket`, `many-http@${instance}.socket`]);
        const { body } = await Promise.any(
          ["http", "api"].map((name) =>
            systemd.request({
              url: "http://many/",
              socketPath: `/run/many/${name}-${instance}.sock`,
              timeout: 3000,
            }),
          ),
        );
        seen.push(JSON.parse(body) as Answer);
      }
      expect(seen).toMatchObject([
        { argument: "one one", state: "/var/lib/many/one", home: "/var/lib/many/one", writesState: "done" },
        { argument: "a-b a/b", state: "/var/lib/many/a-b", writesState: "done" },
      ]);
      expect(seen[0]!.names.split(":").toSorted()).toEqual(["api", "http"]);

      await systemd.systemctl("enable", "many@.service");
      for (const socket of ["many-http@one.socket", "many-api@one.socket"])
        expect(await systemd.show(socket, "UnitFileState")).toBe("enabled");
    });
  });

  describe("a user's own manager", () => {
    const uid = 1;
    const asUser = [
      "setpriv",
      `--reuid=${uid}`,
      `--regid=${uid}`,
      "--clear-groups",
      "env",
      `XDG_RUNTIME_DIR=/run/user/${uid}`,
    ];

    it("runs the pair as that user, in the sandbox, and hears that it is ready", async () => {
      // The user's home, which this computer may not have; and the way to its cgroup.
      await systemd.mustRun(["mount", "-t", "tmpfs", "-o", `uid=${uid},mode=755`, "tmpfs", "/home"]);
      await systemd.mustRun(["chmod", "755", "/sys/fs/cgroup"]);
      // From 262 on, the manager goes by the user's entry alone.
      await systemd.mustRun([
        "sed",
        "-i",
        `s#^\\(daemon:x:${uid}:${uid}:[^:]*\\):[^:]*#\\1:/home#`,
        "/etc/passwd",
      ]);
      await systemd.start(`user@${uid}.service`);
      const ready = `require("node:fs").writeSync(3 + process.env.LISTEN_FDNAMES.split(":").indexOf("notify"), "READY=1");`;
      const units = (hardening: "inbound" | "outbound", port: number) =>
        emitUnits({
          name: hardening,
          manager: "user",
          uid,
          type: "notify",
          hardening,
          exec: [systemd.node, "--eval", listening + ready],
          sockets: [{ listen: port }],
        });
      for (const [file, text] of Object.entries({ ...units("inbound", 8081), ...units("outbound", 8082) }))
        await systemd.write(`/run/systemd/user/${file}`, text);
      await systemd.mustRun([...asUser, "systemctl", "--user", "daemon-reload"]);
      await systemd.mustRun([...asUser, "systemctl", "--user", "start", "inbound.socket", "outbound.socket"]);
      expect(await ask("http://127.0.0.1:8082/")).toMatchObject({
        uid,
        privileges: "1",
        writesState: "done",
        writesAround: "EROFS",
      });
      expect(await ask("http://127.0.0.1:8081/")).toMatchObject({ uid, privileges: "1" });
      const show = [
        "systemctl",
        "--user",
        "show",
        "--property=ActiveState",
        "--value",
        "inbound.service",
        "outbound.service",
      ];
      expect((await systemd.mustRun([...asUser, ...show])).trim().split(/\n+/)).toEqual(["active", "active"]);
      const said = await systemd.mustRun([
        "journalctl",
        "--no-pager",
        "--quiet",
        "--output=cat",
        `_UID=${uid}`,
      ]);
      expect(said).toContain("Started inbound.service");
      expect(said).not.toMatch(/ignor|unknown|fail|refus/i);
    });
  });
});
