import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { editUnit, lintUnits, parseUnit, stringifyUnit, type Finding } from "../src/index.ts";

type Files = Record<string, string>;

const documented = new URL("fixtures/documented/", import.meta.url);

/** The units that a project documents. */
function unitsOf(project: string): Files {
  const folder = new URL(`${project}/`, documented);
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), "utf8")]),
  );
}

/** Replaces or adds the line of a directive. Without a value, removes the line. */
function set(files: Files, file: string, key: string, value: string | undefined): void {
  const unit = parseUnit(files[file]!);
  const section = /^(?:Requires|After|StartLimitIntervalSec)$/.test(key)
    ? "Unit"
    : file.endsWith(".socket")
      ? "Socket"
      : "Service";
  const present =
    key === "After"
      ? undefined
      : unit.entries.find((entry) => entry.kind === "assignment" && entry.key === key);
  files[file] = stringifyUnit(
    editUnit(unit, [{ line: present?.line, section, key, values: value === undefined ? [] : [value] }]),
  );
}

/** Makes the change that the fix of a finding describes. */
function follow(files: Files, { file, code, fix }: Finding): void {
  if (code === "directory-refused") set(files, file, "WorkingDirectory", "/srv");
  else if (code === "reuse-port") set(files, file, "ReusePort", undefined);
  else for (const [, key = "", value = ""] of fix.matchAll(/(\w+)=([^\s,]+)/g)) set(files, file, key, value);
}

function fixed(files: Files): Files {
  const copy = { ...files };
  for (const finding of lintUnits(files)) follow(copy, finding);
  return copy;
}

/**
 * The same units with a program of the test, and without the user and the folder. The directives about starts
 * and sockets stay.
 */
function running(files: Files, command: string): Files {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [
      name,
      text
        .replaceAll(
          /^(?:User|Group|WorkingDirectory|Type|NotifyAccess|WatchdogSec|EnvironmentFile|ExecStartPre)=.*\n/gm,
          "",
        )
        .replace(/^ExecStart=.*$/m, `ExecStart=${command}`),
    ]),
  );
}

/** The pairs, each with the name of its units and one of its addresses. */
const pairs = {
  "go-systemd-22.5.0": ["hello", "port: 8076, host: '127.0.0.1'"],
  "gunicorn-23.0.0": ["gunicorn", "path: '/run/gunicorn.sock'"],
  "puma-6.6.0": ["puma", "port: 9292, host: '127.0.0.1'"],
  "signalk-server-2.23.0": ["signalk", "port: 3000, host: '127.0.0.1'"],
} as const;
const projects = Object.entries(pairs);
const together = (some: readonly Files[]): Files => Object.assign({}, ...some) as Files;

/** A program that works only if systemd has passed it sockets. */
const needsSockets = `/bin/sh -c 'test "$$LISTEN_FDS" -gt 0 && exec sleep infinity'`;

it.each([...projects.map(([project]) => project), "homebridge-config-ui-x-5.10.0"])(
  "the linter finds nothing in the units of %s after all its fixes have been made",
  (project) => {
    expect(lintUnits(unitsOf(project))).not.toEqual([]);
    expect(lintUnits(fixed(unitsOf(project)))).toEqual([]);
  },
);

describeWith(
  { privateSystemd: true, commands: ["gunicorn"], tags: "campaign" },
  "the units that known projects document",
  () => {
    let systemd: PrivateSystemd;
    beforeAll(async () => {
      systemd = await bootPrivateSystemd();
      await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"]);
    });
    afterAll(() => systemd?.close());

    /** Opens a connection that waits, if something listens. */
    async function letOneWait(address: string): Promise<void> {
      const program = `require("node:net").connect({ ${address} }, () => console.log()).on("error", () => console.log()); setInterval(() => {}, 60_000)`;
      await once(systemd.spawn([systemd.node, "-e", program]).stdout!, "data");
    }

    async function stopAll(): Promise<void> {
      await systemd.systemctl(
        "stop",
        ...projects.flatMap(([, [name]]) => [`${name}.socket`, `${name}.service`]),
      );
      await systemd.run(["systemctl", "reset-failed"]);
    }

    it(
      "start-limit: a service that crashes at its start closes its socket, but not after the fix",
      { timeout: 120_000 },
      async () => {
        const crashing = (change: (files: Files) => Files) =>
          together(projects.map(([project]) => running(change(unitsOf(project)), "/bin/false")));
        await systemd.installUnits(crashing((files) => files));
        await Promise.all(
          projects.map(async ([, [name, address]]) => {
            await systemd.start(`${name}.socket`);
            await letOneWait(address);
            await systemd.waitForUnit(`${name}.socket`, "ActiveState", "failed", 50_000);
            expect(await systemd.show(`${name}.socket`, "Result")).toBe("service-start-limit-hit");
          }),
        );
        await stopAll();

        await systemd.installUnits(crashing(fixed));
        await Promise.all(
          projects.map(async ([, [name, address]]) => {
            await systemd.start(`${name}.socket`);
            await letOneWait(address);
            const restarts = async () => Number(await systemd.show(`${name}.service`, "NRestarts"));
            await systemd.waitUntil(
              async () => (await restarts()) > 5,
              `${name}.service restarts six times`,
              50_000,
            );
            expect(await systemd.show(`${name}.socket`, "ActiveState")).toBe("active");
          }),
        );
        await stopAll();
      },
    );

    it("requires-missing: a service that is started alone gets no socket, but gets it after the fix", async () => {
      const alone = projects.filter(([project]) =>
        lintUnits(unitsOf(project)).some(({ code }) => code === "requires-missing"),
      );
      expect(alone.map(([, [name]]) => name)).toEqual(["hello", "puma", "signalk"]);
      const units = (change: (files: Files) => Files) =>
        together(alone.map(([project]) => running(change(unitsOf(project)), needsSockets)));
      await systemd.installUnits(units((files) => files));
      for (const [, [name]] of alone) {
        await systemd.run(["systemctl", "start", `${name}.service`]);
        await systemd.waitForUnit(`${name}.service`, "ActiveState", "failed");
        expect(await systemd.show(`${name}.socket`, "ActiveState")).toBe("inactive");
      }
      await systemd.run(["systemctl", "reset-failed"]);
      await systemd.installUnits(units(fixed));
      for (const [, [name]] of alone) {
        await systemd.start(`${name}.service`);
        expect(await systemd.show(`${name}.socket`, "ActiveState")).toBe("active");
        expect(await systemd.show(`${name}.service`, "ActiveState")).toBe("active");
      }
      await stopAll();
    });

    it("kill-mode: the child processes of Homebridge keep running after a stop, but not after the fix", async () => {
      const units = unitsOf("homebridge-config-ui-x-5.10.0");
      const command = "/bin/sh -c 'sleep infinity & echo child $$!; exec sleep infinity'";
      for (const [files, stays] of [
        [units, true],
        [fixed(units), false],
      ] as const) {
        await systemd.installUnits(running(files, command));
        await systemd.start("homebridge.service");
        await systemd.waitForJournal("homebridge.service", /child \d+/);
        const child = (await systemd.journal("homebridge.service"))
          .findLast((line) => line.startsWith("child"))!
          .split(" ")[1]!;
        await systemd.stop("homebridge.service");
        const { code } = await systemd.run(["kill", "-9", child]);
        expect({ stays: code === 0 }).toEqual({ stays });
      }
    });

    it("directory-refused: systemd does not load the unit of Puma with the placeholder", async () => {
      const units = unitsOf("puma-6.6.0");
      await systemd.installUnits(units, { verify: false });
      expect(await systemd.show("puma.service", "LoadState")).toBe("bad-setting");
      await systemd.installUnits(fixed(units), { verify: false });
      expect(await systemd.show("puma.service", "LoadState")).toBe("loaded");
    });

    it("reuse-port: another program can open Puma's port, but not after the fix", async () => {
      const steal = `import socket; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1); s.bind(("0.0.0.0", 9292)); s.listen()`;
      const units = unitsOf("puma-6.6.0");
      for (const [files, opens] of [
        [units, true],
        [fixed(units), false],
      ] as const) {
        await systemd.installUnits(running(files, "/bin/true"));
        await systemd.start("puma.socket");
        const { code } = await systemd.run(["/usr/bin/python3", "-c", steal]);
        expect({ opens: code === 0 }).toEqual({ opens });
        await systemd.stop("puma.socket");
      }
    });

    it("gunicorn serves with the documented units, and with the fix", async () => {
      await systemd.write(
        "/srv/shop/applicationname/wsgi.py",
        `def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"hello"]\n`,
      );
      const units = unitsOf("gunicorn-23.0.0");
      for (const files of [units, fixed(units)]) {
        // The documentation leaves the user and the folder to the reader.
        const service = files["gunicorn.service"]!.replaceAll("someuser\n", "www-data\n").replace(
          "/home/someuser/applicationroot",
          "/srv/shop",
        );
        await systemd.installUnits({ ...files, "gunicorn.service": service });
        await systemd.start("gunicorn.socket");
        const url = { url: "http://shop/", socketPath: "/run/gunicorn.sock", timeout: 50_000 };
        expect((await systemd.request(url)).body).toBe("hello");
        await systemd.restart("gunicorn.service");
        expect((await systemd.request(url)).body).toBe("hello");
        await systemd.stop("gunicorn.socket", "gunicorn.service");
      }
    });
  },
);
