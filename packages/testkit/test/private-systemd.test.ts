import { once } from "node:events";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { bootPrivateSystemd } from "../../testing/src/boot-private-systemd.ts";
import type { PrivateSystemd } from "../../testing/src/private-systemd.ts";
import { describeWith } from "../src/requires.ts";

/** Sandboxing that hides /home, /root and the temporary folders from a service, and the network. */
const sandbox = `DynamicUser=yes
PrivateTmp=yes
PrivateNetwork=yes
PrivateUsers=yes
PrivateDevices=yes
ProtectHome=yes
ProtectSystem=strict
ProtectProc=invisible
ProcSubset=pid
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=none
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
CapabilityBoundingSet=
NoNewPrivileges=yes
StateDirectory=web`;

const server = `import http from "node:http";
import { readFileSync } from "node:fs";
const project = JSON.parse(readFileSync("/run/sockact/project/package.json", "utf8")).name;
const answer = (request, response) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  const endless = () => response.write("x".repeat(2 ** 20), endless);
  if (request.url === "/endless") return endless();
  request.on("end", () => response.writeHead(201, { "x-method": request.method }).end(JSON.stringify({ uid: process.getuid(), project, body })));
};
for (let fd = 3; fd < 3 + Number(process.env.LISTEN_FDS); fd++) http.createServer(answer).listen({ fd });
console.log("serving");
`;

const web = (systemd: PrivateSystemd) => ({
  "web.socket": "[Socket]\nListenStream=80\nListenStream=/run/web.sock\nListenStream=@web\n",
  "web.service": `[Service]\nExecStart=${systemd.node} /run/apps/server.mjs\n${sandbox}\n`,
});

describeWith({ privateSystemd: true }, "a private systemd", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await systemd.write("/run/apps/server.mjs", server);
    await systemd.installUnits(web(systemd));
    await systemd.start("web.socket");
  });
  afterAll(() => systemd?.close());

  test("is PID 1 and has finished booting", async () => {
    expect(await systemd.mustRun(["cat", "/proc/1/comm"])).toBe("systemd\n");
    expect(await systemd.systemctl("is-system-running")).toBe("running\n");
  });

  test("starts a sandboxed service at the first request to its port 80", async () => {
    const { status, headers, body } = await systemd.request({
      url: "http://localhost/",
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: "hello",
    });
    expect(status).toBe(201);
    expect(headers["x-method"]).toBe("POST");
    const answer = JSON.parse(body);
    expect(answer).toMatchObject({ project: "sockact-monorepo", body: "hello" });
    expect(answer.uid).toBeGreaterThanOrEqual(61_184);
    expect(answer.uid).toBeLessThanOrEqual(65_519);
  });

  test.each([
    ["IPv4", { url: "http://127.0.0.1/" }],
    ["IPv6", { url: "http://[::1]/" }],
    ["a unix socket", { url: "http://nowhere.invalid/", socketPath: "/run/web.sock" }],
    ["an abstract unix socket", { url: "http://nowhere.invalid/", socketPath: "@web" }],
  ])("carries requests over %s", async (_, request) => {
    expect(await systemd.request(request)).toMatchObject({ status: 201 });
  });

  test("rejects a request that nobody answers with the system's code", async () => {
    await expect(systemd.request("http://127.0.0.1:81/")).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
  });

  test("rejects an answer that does not end", async () => {
    await expect(systemd.request("http://127.0.0.1/endless")).rejects.toMatchObject({ code: "EMSGSIZE" });
  });

  test("shows what a service and systemd wrote to the journal", async () => {
    await systemd.start("web.service");
    expect(await systemd.waitForJournal("web.service", /serving/)).toBe("serving");
    expect(await systemd.journal("web.service", "service")).toEqual(["serving"]);
    expect((await systemd.journal("web.service", "manager")).join()).toContain("Started web.service");
    await expect(systemd.waitForJournal("web.service", /resting/, 0)).rejects.toThrow(
      "The journal of web.service has nothing like /resting/",
    );
  });

  test("shows and awaits the properties of a unit", async () => {
    await systemd.restart("web.service");
    await systemd.waitForUnit("web.service", "ActiveState", "active");
    const before = await systemd.show("web.service", "MainPID");
    await systemd.mustRun(["kill", "-KILL", before]);
    await systemd.waitForUnit("web.service", "ActiveState", "failed");
    expect(await systemd.show("web.service", "Result")).toBe("signal");
    await expect(systemd.waitForJournal("web.service", /resting/)).rejects.toThrow(
      /^The journal of web\.service has nothing like \/resting\/, and web\.service has failed:\n.*serving/s,
    );
    await expect(systemd.waitForUnit("web.service", "ActiveState", "active", 0)).rejects.toThrow(
      /it is failed[^]*Started web/,
    );
  });

  test("runs commands, with their input, status and a time limit", async () => {
    expect(
      await systemd.run(["sh", "-c", "cat; echo $NAME >&2; exit 3"], {
        input: "in",
        env: { NAME: "out" },
      }),
    ).toEqual({
      stdout: "in",
      stderr: "out\n",
      code: 3,
    });
    expect(await systemd.mustRun(["pwd"], { cwd: "/run" })).toBe("/run\n");
    await expect(systemd.mustRun(["sh", "-c", "echo why; exit 3"])).rejects.toThrow(/why\nIt exited with 3/);
    await expect(systemd.run(["sleep", "1000"], { timeout: 50 })).rejects.toThrow(/longer than 50 ms/);
  });

  test("signals a command that runs on", async () => {
    const child = systemd.spawn([
      "sh",
      "-c",
      "trap 'exit 7' TERM; echo up; while :; do read -r _ || :; done",
    ]);
    if (child.stdout) await once(child.stdout, "data");
    child.kill("SIGTERM");
    // The shell runs the trap once its read has ended.
    child.stdin?.end();
    expect(await once(child, "close")).toEqual([7, null]);
    expect(child.kill()).toBe(false);
  });

  test("refuses units that systemd complains of", async () => {
    const bad = { "bad.service": "[Service]\nExecStart=/bin/true\nRestarts=always\n" };
    await expect(systemd.installUnits(bad)).rejects.toThrow(/Unknown key 'Restarts'/);
  });

  test("shows the journal of a unit that fails to start", async () => {
    await systemd.installUnits({
      "fails.service": "[Service]\nType=oneshot\nExecStart=sh -c 'echo the reason; exit 1'\n",
    });
    await expect(systemd.start("fails.service")).rejects.toThrow(/the reason/);
  });

  test("keeps what services leave behind off the host", async () => {
    for (const folder of ["/var/lib", "/tmp", "/etc/systemd/system"]) {
      const listed = () => readdirSync(folder).filter((name) => name.includes("private-leftover"));
      await systemd.mustRun(["touch", `${folder}/private-leftover`]);
      expect(listed()).toEqual([]);
    }
    await expect(systemd.mustRun(["touch", "/usr/private-leftover"])).rejects.toThrow(/Read-only/);
    await expect(systemd.mustRun(["touch", `${systemd.project}/private-leftover`])).rejects.toThrow(
      /Read-only/,
    );
  });

  test("boots as often as one likes at a time, each with its own port 80, and leaves nothing behind when it is closed", async () => {
    const mounts = readFileSync("/proc/self/mountinfo", "utf8");
    const others = await Promise.all([bootPrivateSystemd(), bootPrivateSystemd()]);
    const parts = others.map(({ pid }) => partsOf(pid));
    try {
      await Promise.all(
        others.map(async (other, index) => {
          const text = `import http from "node:http";\nhttp.createServer((_, response) => response.end("${index}")).listen(80);\n`;
          await other.write("/run/apps/server.mjs", text);
          await other.installUnits({
            "own.service": `[Service]\nExecStart=${other.node} /run/apps/server.mjs\n`,
          });
          await other.start("own.service");
          await eventually(
            async () =>
              (await other.request("http://127.0.0.1/").catch(() => undefined))?.body === `${index}`,
          );
        }),
      );
      expect(cgroups()).toEqual(expect.arrayContaining(parts.map(({ cgroup }) => cgroup)));
    } finally {
      await Promise.all(others.map((other) => other.close()));
    }
    expect(parts.flatMap(({ processes }) => processes.filter(isAlive))).toEqual([]);
    expect(cgroups().filter((name) => parts.some(({ cgroup }) => cgroup === name))).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).toBe(mounts);
    expect(() => others[0].spawn(["true"])).toThrow(/closed/);
    expect(await systemd.request("http://127.0.0.1/")).toMatchObject({ status: 201 });
  });

  test("says that services can't read a project which is closed to other users", async () => {
    const project = mkdtempSync(join(tmpdir(), "sockact-closed-"));
    try {
      await expect(bootPrivateSystemd({ project })).rejects.toThrow(/chmod -R o\+rX/);
    } finally {
      rmdirSync(project);
    }
  });

  test("explains why it did not boot", async () => {
    await expect(bootPrivateSystemd({ project: "/does-not-exist" })).rejects.toThrow(
      /could not boot: [^]*does-not-exist/,
    );
  });

  test.each(["SIGKILL", "SIGINT"] as const)(
    "leaves nothing behind when %s ends the process that booted it",
    async (signal) => {
      const booter = spawn(
        process.execPath,
        ["--import", "tsx", "--input-type=module", "--eval", bootAndWait],
        {
          cwd: import.meta.dirname, // where tsx is found
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      const pid = await new Promise<number>((resolve, reject) => {
        createInterface({ input: booter.stdout }).once("line", (line) => resolve(Number(line)));
        booter.once("close", () => reject(new Error("The process ended before it had booted a systemd")));
      });
      const parts = partsOf(pid);
      expect(parts.processes.length).toBeGreaterThanOrEqual(4);
      expect(cgroups()).toContain(parts.cgroup);
      booter.kill(signal);
      await eventually(() => !parts.processes.some(isAlive) && !cgroups().includes(parts.cgroup));
    },
  );
});

describeWith({ privateSystemd: true }, "a private systemd with a disk", () => {
  test("finds after a reboot what it has written, and starts the units that are enabled", async () => {
    const disk = mkdtempSync(join(tmpdir(), "disk-"));
    onTestFinished(() => rmSync(disk, { recursive: true }));
    const folders = ["/etc", "/root", "/srv", "/usr/local/bin", "/var/lib"];
    {
      await using first = await bootPrivateSystemd({ disk });
      for (const folder of folders) await first.write(`${folder}/note`, "kept");
      await first.write(
        "/etc/systemd/system/kept.socket",
        "[Socket]\nListenStream=80\nAccept=yes\n[Install]\nWantedBy=sockets.target\n",
      );
      await first.write("/etc/systemd/system/kept@.service", "[Service]\nExecStart=true\n");
      await first.systemctl("enable", "kept.socket");
    }
    await using second = await bootPrivateSystemd({ disk });
    for (const folder of folders) expect(await second.mustRun(["cat", `${folder}/note`])).toBe("kept");
    expect(await second.show("kept.socket", "ActiveState")).toBe("active");
  });
});

const bootAndWait = `import { bootPrivateSystemd } from ${JSON.stringify(new URL("../../testing/src/boot-private-systemd.ts", import.meta.url))};
const systemd = await bootPrivateSystemd();
console.log(systemd.pid);
setInterval(() => {}, 1000);
`;

/**
 * Everything on the host that belongs to a private systemd, by its PID 1: every process of its namespace, the
 * two processes that keep it, its cgroup.
 */
function partsOf(pid: number): { processes: number[]; cgroup: string } {
  const namespace = readlinkSync(`/proc/${pid}/ns/pid`);
  const inside = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((other) => namespaceOf(other) === namespace);
  const keeper = parentOf(pid);
  const cgroup = /private-systemd-\w+/.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[0];
  if (cgroup === undefined) throw new Error(`Process ${pid} is in no cgroup of ours`);
  return { processes: [...inside, keeper, parentOf(keeper)], cgroup };
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    // The process has ended meanwhile.
    return undefined;
  }
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** Whether a process still runs. A zombie does not count. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/**
 * The cgroups of private systemds, at the place of a host with only cgroup2, and at the place of a hybrid
 * one.
 */
function cgroups(): string[] {
  return ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder))
    .filter((name) => name.startsWith("private-systemd-"));
}

async function eventually(reached: () => boolean | Promise<boolean>, timeout = 60_000): Promise<void> {
  await expect.poll(reached, { timeout, interval: 20 }).toBe(true);
}
