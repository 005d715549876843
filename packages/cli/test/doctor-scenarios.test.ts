// What the doctor finds in services with one fault each, which all run in one systemd.
import { readFileSync } from "node:fs";
import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diagnoses } from "../src/lib/doctor/diagnoses.ts";
import type { Report } from "../src/lib/doctor/report.ts";
import { ask, askAll, bootForDoctor, doctorCommand, type Finding } from "./doctor.ts";
import { sockactInside } from "./run.ts";
import { apps } from "./scenarios/apps.ts";
import { sandbox } from "./scenarios/sandbox.ts";
import {
  appText,
  asExpected,
  type Expected,
  type Scenario,
  type Scenarios,
  setUp,
  shownBy,
} from "./scenarios/scenario.ts";
import { startFiles, starts } from "./scenarios/starts.ts";
import { secrets, units } from "./scenarios/units.ts";

const themes: Record<string, Scenarios> = {
  "an app that does not start": starts,
  "an app in its sandbox": sandbox,
  "an app and its socket": apps,
  "the state of units": units,
};
const scenarios: Scenarios = Object.assign({}, ...Object.values(themes)) as Scenarios;

/** The faults of docs/mistakes.md, in the order of its sections. */
const mistakes = [
  "npm",
  "alone",
  "forgotten",
  "late",
  "closure",
  "notify",
  "home",
  "names",
  "second",
  "taken",
  "nvm",
  "parentheses",
  "relative",
];

describeWith({ privateSystemd: true }, "sockact doctor finds", () => {
  let systemd: PrivateSystemd;
  let found: Map<string, Finding[]>;

  beforeAll(async () => {
    systemd = await bootForDoctor();
    await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/home"]);
    for (const [path, text] of Object.entries(startFiles)) await systemd.write(path, text, 0o755);
    await systemd.mustRun(["ln", "-s", `${systemd.project}/node_modules`, "/srv/node_modules"]);
    await systemd.mustRun(["mkdir", "/srv/private"]);
    await systemd.mustRun(["chmod", "700", "/home/shop", "/srv/private"]);
    await systemd.write("/etc/shop.key", "", 0o600);
    await systemd.write("/etc/$(id).key", "", 0o600);
    await systemd.write("/etc/\u001B[2Jshop\u009B.key", "", 0o600);
    await systemd.write("/etc/shop.env", `DATABASE_URL=${secrets[0]}\n`, 0o600);
    await systemd.write("/etc/shop.credential", `${secrets[4]}\n`, 0o600);
    // The ports have to be taken before a socket, or an app, opens them.
    const listen = "const listen = (port, done) => require('node:http').createServer().listen(port, done)";
    for (const code of [
      "listen(3100, () => listen(80, () => console.log('up')))",
      String.raw`process.title = "web\nkill 1\u001b[2J"; listen(8091, () => console.log("up"))`,
    ]) {
      const rival = systemd.spawn([systemd.node, "--eval", `${listen}; ${code}`]);
      await new Promise((resolve) => rival.stdout!.once("data", resolve));
    }
    await setUp(systemd, scenarios);
    found = await askAll(systemd);
    // What starts again and again would slow down all that follows.
    await systemd.systemctl("stop", "sleepy.socket", "sleepy.service", "forks.service");
    await systemd.systemctl("kill", "--signal=KILL", "busy.service", "stuck.service");
    await systemd.systemctl("stop", "busy.service", "stuck.service");
  }, 300_000);
  afterAll(() => systemd?.close());

  const compare = (finding: Finding, expected: Expected): void =>
    expect(shownBy(finding)).toMatchObject(asExpected(expected));

  function check(name: string, { finds, isMore }: Scenario): void {
    const codes = finds.map(({ code }) => code);
    const findings = found.get(name)!.filter(({ code }) => isMore === undefined || codes.includes(code));
    expect(findings.map(({ code }) => code)).toEqual(codes);
    for (const [index, expected] of finds.entries()) compare(findings[index]!, expected);
  }

  it("a loop of restarts no longer, once the error is corrected and the app keeps running", async () => {
    await systemd.write("/run/corrected", "");
    await systemd.waitUntil(
      async () => !(await ask(systemd, "ends")).codes.includes("restart-loop"),
      "the doctor no longer finds the loop",
      60_000,
    );
    expect(await systemd.show("ends.service", "ActiveState")).toBe("active");
  });

  describe.each(Object.entries(themes))("in %s:", (_, ofTheme) => {
    const rows = (program?: string) =>
      Object.entries(ofTheme)
        .filter(([, { needs }]) => needs === program)
        .map(
          ([name, scenario]) =>
            [name, scenario.finds.map(({ code }) => code).join(", ") || "nothing", scenario] as const,
        );
    it.each(rows())("%s: %s", (name, _found, scenario) => {
      expect(found.has(name)).toBe(true);
      check(name, scenario);
    });
    for (const program of new Set(Object.values(ofTheme).flatMap(({ needs }) => needs ?? [])))
      describeWith({ commands: [program] }, `with ${program},`, () => {
        it.each(rows(program))("%s: %s", (name, _found, scenario) => {
          expect(found.has(name)).toBe(true);
          check(name, scenario);
        });
      });
  });

  it("the mistakes of docs/mistakes.md, and the page has the code of each", () => {
    const page = readFileSync(new URL("../../../docs/mistakes.md", import.meta.url), "utf8");
    const documented = Array.from(page.matchAll(/^- \*\*Doctor:\*\* `([\w-]+)`/gm), ([, code]) => code);
    expect(documented).toEqual(mistakes.map((name) => scenarios[name]!.finds[0]!.code));
  });

  it("and prints what docs/doctor.md shows", async () => {
    const { stdout } = await systemd.run(doctorCommand(systemd, "taken"), { env: { npm_command: "exec" } });
    const report = stdout
      .replaceAll(systemd.node, "/usr/bin/node")
      .replaceAll(/\btaken(?=\.)/g, "shop")
      // The process ID and the rest of the command differ from run to run.
      .replaceAll(/(process|kill|\/proc\/?) ?(?!1\b)\d+/g, (text) => text.replace(/\d+/, "812"))
      .replaceAll(/\(?\/usr\/bin\/node --eval[^)\n]*\)?/g, (text) =>
        text.startsWith("(") ? "(/usr/bin/node old.js)" : "/usr/bin/node old.js",
      );
    await expect(report).toMatchFileSnapshot("../../../docs/outputs/doctor-port-taken.txt");
  });

  it("nothing in a service that runs, or sleeps", async () => {
    for (const name of ["healthy", "asleep.socket"]) {
      const { stdout, code } = await systemd.run(doctorCommand(systemd, name));
      const service = name.replace(".socket", "");
      expect({ stdout, code }).toEqual({
        stdout: `${service}.service with ${service}.socket\n\n✔ nothing found\n\n1 service: 0 errors, 0 warnings\n`,
        code: 0,
      });
    }
  });

  it("an error, and ends with 2 then, also for a user who can't see which process has the port", async () => {
    const asNobody = await ask(systemd, "taken", ["setpriv", "--reuid=65534", "--clear-groups"]);
    expect(asNobody.code).toBe(2);
    expect(asNobody.finding("port-taken").copy[0]).toBe("sudo ss -ltnp sport = :80");
    expect(asNobody.unseen.map(({ how }) => how)).toContain('sudo env "PATH=$PATH" sockact doctor taken');
  });

  it("how a service ended, also for a user who may not read the journal", async () => {
    const asNobody = await ask(systemd, "syntax", ["setpriv", "--reuid=65534", "--clear-groups"]);
    expect(asNobody.code).toBe(2);
    expect(asNobody.finding("service-failed").message).toBe(
      "syntax.service has failed. Its main process exited with status 1.",
    );
    expect((await ask(systemd, "syntax")).codes).not.toContain("service-failed");
  });

  it("a home that the app can't write, and never takes it from its user", () => {
    const [finding] = found.get("in-home")!;
    expect(finding!.fix).toContain("move the app out of the home");
    expect(JSON.stringify(finding)).not.toMatch(/chown|ReadWritePaths/);
  });

  it("the version of a Node that another user can replace by its files, and never runs it", async () => {
    await systemd.write("/srv/program", "#!/bin/sh\ntouch /run/ran\necho v18.20.8\n");
    await systemd.mustRun(["sh", "-c", "chmod 755 /srv/program; mkdir -p /srv/theirs/v18.0.1"]);
    await systemd.mustRun([
      "sh",
      "-c",
      "cd /srv/theirs; cp /srv/program v18.0.1/node; ln -s ../program node",
    ]);
    await systemd.mustRun(["chown", "--recursive", "--no-dereference", "daemon", "/srv/theirs"]);
    for (const [unit, node] of [
      ["linked", "/srv/theirs/node"],
      ["owned", "/srv/theirs/v18.0.1/node"],
    ])
      await systemd.write(`/run/systemd/system/${unit}.service`, `[Service]\nExecStart=${node} x.js\n`);
    await systemd.systemctl("daemon-reload");
    const [linked, owned] = [await ask(systemd, "linked"), await ask(systemd, "owned")];
    expect(await systemd.run(["ls", "/run/ran"])).toMatchObject({ code: 2 });
    expect(linked.unseen[0]!.what).toBe(
      "The version of /srv/theirs/node. Another user can replace this file, so the doctor does not run it as root.",
    );
    expect(owned.finding("node-old").message).toContain("18.0.1");
  });

  it("an app that does not take the socket, with lines that correct it", async () => {
    const { copy } = found.get("forgotten")![0]!;
    await systemd.mustRun(["ln", "-s", `${systemd.project}/node_modules`, "/srv/forgotten/node_modules"]);
    const lines = copy.filter((line) => line.startsWith("  ")).map((line) => line.trim());
    await systemd.write("/etc/systemd/system/forgotten.service.d/override.conf", lines.join("\n"));
    await systemd.systemctl("daemon-reload");
    await systemd.mustRun(["sh", "-c", copy.at(-1)!]);
    await systemd.request({ url: "http://localhost/", socketPath: "/run/forgotten.sock", timeout: 60_000 });
    expect((await ask(systemd, "forgotten")).codes).not.toContain("socket-not-claimed");
  });

  it("a crash, although systemd starts the app again while the doctor looks", async () => {
    // The app crashes when it is told to, and its next start hangs.
    await systemd.write(
      "/srv/again/server.mjs",
      `import { existsSync, writeFileSync } from "node:fs";
      if (!existsSync("/run/again/once")) {
        process.on("SIGUSR2", () => { writeFileSync("/run/again/once", ""); throw new Error("no database"); });
      }
      console.log("up");
      setInterval(() => {}, 1e6);`,
    );
    await systemd.installUnits({
      "again.socket": "[Socket]\nListenStream=/run/again.sock\n",
      "again.service": `[Service]\nRuntimeDirectory=again\nRuntimeDirectoryPreserve=yes\nExecStart=${systemd.node} /srv/again/server.mjs\nRestart=always\nRestartSec=100ms\n`,
    });
    await systemd.start("again.socket", "again.service");
    await systemd.waitForJournal("again.service", /^up$/);
    // journalctl answers after the crash, and systemctl show has answered before it.
    const path = "/run/slow-journal";
    await systemd.write(
      `${path}/systemctl`,
      `#!/bin/sh\n/usr/bin/systemctl "$@"\nstatus=$?\ncase "$*" in *show*again*) touch ${path}/shown;; esac\nexit $status\n`,
      0o755,
    );
    await systemd.write(
      `${path}/journalctl`,
      `#!/bin/sh
case "$*" in *again.service*)
  until [ -e ${path}/shown ]; do sleep 0.01; done
  [ -e ${path}/told ] || { touch ${path}/told; systemctl kill --signal=USR2 again.service; }
  until [ "$(/usr/bin/systemctl show --value --property=NRestarts again.service)" = 1 ]; do sleep 0.01; done
esac
exec /usr/bin/journalctl "$@"
`,
      0o755,
    );
    const answer = await ask(systemd, "again", ["env", `PATH=${path}:/usr/bin:/bin`]);
    expect(answer.finding("app-crashed").evidence[0]!.text).toMatch(/^Error: no database/);
    expect(answer.finding("app-crashed").why).not.toContain("pair");
  });

  describeWith({ systemd: 253 }, "with OpenFile=,", () => {
    it("that an app has been starting for long, and what it waits for", async () => {
      await systemd.write(
        "/srv/unsettled/server.mjs",
        appText({ listens: "await listen(server, { onListen: () => new Promise(() => {}) });" }),
      );
      await systemd.installUnits({
        "unsettled.socket": "[Socket]\nListenStream=8082\n",
        "unsettled.service": `[Unit]\nRequires=unsettled.socket\n[Service]\nType=notify\nOpenFile=/run/systemd/notify:notify\nTimeoutStartSec=1h\nExecStart=${systemd.node} /srv/unsettled/server.mjs\n`,
      });
      await systemd.systemctl("start", "--no-block", "unsettled.service");
      let answer = await ask(systemd, "unsettled");
      await systemd.waitUntil(
        async () => {
          answer = await ask(systemd, "unsettled");
          return answer.codes.includes("never-ready");
        },
        "the doctor finds it",
        60_000,
      );
      const { message, evidence } = answer.finding("never-ready");
      expect(message).toContain(
        "It accepts connections already, but has not reported that it is ready. Either the app does not use sockact",
      );
      expect(evidence.at(-1)!.text).toBe("The event loop waits for [::]:8082");
    });
  });

  /** Installs an app by its config. */
  async function installFromConfig(name: string, config: object): Promise<void> {
    await systemd.write(`/srv/${name}/server.mjs`, appText());
    await systemd.write(
      `/srv/${name}/sockact.config.json`,
      JSON.stringify({ name, exec: ["node", "./server.mjs"], ...config }),
    );
    await systemd.mustRun([...sockactInside(systemd), "install", "--yes"], {
      cwd: `/srv/${name}`,
      timeout: 60_000,
    });
  }

  it("what differs from the config", async () => {
    const config = {
      name: "configured",
      exec: ["node", "./server.mjs"],
      sockets: [{ listen: 8005 }],
      environment: { KEY: secrets[1] },
    };
    await installFromConfig("configured", config);
    await systemd.write(
      "/srv/configured/sockact.config.json",
      JSON.stringify({ ...config, sockets: [{ listen: 8006 }] }),
    );
    const { findings } = await ask(systemd, "configured");
    expect(findings.map(shownBy)).toMatchObject([
      asExpected({
        code: "config-differs",
        severity: "warning",
        evidence: /^- ListenStream=8005\n\+ ListenStream=8006$/m,
        copy: ["sockact install --name configured"],
      }),
    ]);
  });

  it.each([
    ["a pipe", "mkfifo FILE", /FILE can't be used: it is not a regular file/],
    [
      "a link to a file of secrets",
      "echo 'root:$y$j9T$0' >/srv/secrets; ln -s /srv/secrets FILE",
      /FILE can't be used: it is not valid JSON/,
    ],
    ["no description", "echo 5 >FILE", undefined],
    [
      "that of another user",
      `echo '{"name":"healthy"}' >FILE; chown daemon FILE`,
      /FILE can't be used: root does not read it, because FILE: user 1 owns it/,
    ],
  ])("no difference from a config in this folder that is %s", async (_, make, unseen) => {
    const file = "/srv/here/sockact.config.json";
    await systemd.mustRun(["sh", "-c", `mkdir /srv/here; ${make.replaceAll("FILE", file)}`]);
    const command = doctorCommand(systemd, "healthy", "--json");
    const { stdout, code } = await systemd.run(command, { cwd: "/srv/here", timeout: 60_000 });
    await systemd.mustRun(["rm", "-r", "/srv/here"]);
    expect({ stdout, code }).toMatchObject({ code: 0 });
    const whats = (JSON.parse(stdout) as Report).unseen.map(({ what }) => what.replaceAll(file, "FILE"));
    expect(whats).toHaveLength(unseen === undefined ? 0 : 1);
    expect(whats.join("\n")).toMatch(unseen ?? /^$/);
    expect(stdout).not.toContain("root:");
  });

  it("what differs from what sockact install has written", async () => {
    await installFromConfig("edited", { sockets: [{ listen: 8007 }] });
    const file = "/etc/systemd/system/edited.service";
    await systemd.mustRun(["sed", "-i", "s/^RestartSec=.*/RestartSec=2s/", file]);
    await systemd.systemctl("daemon-reload");
    const { findings } = await ask(systemd, "edited");
    expect(findings.map(shownBy)).toMatchObject([
      asExpected({
        code: "unit-edited",
        severity: "info",
        evidence: /^\/etc\/systemd\/system\/edited\.service$/m,
        copy: ["systemctl edit edited.service"],
      }),
    ]);
  });

  it("and shows no value of a variable or a credential, and no token", async () => {
    expect(await systemd.journal("secret.service").then((lines) => lines.join("\n"))).toContain(secrets[0]);
    for (const format of [[], ["--json"]]) {
      const { stdout, stderr } = await systemd.run(doctorCommand(systemd, "secret", ...format));
      expect(stdout).toContain(format.length > 0 ? "NoSuchLine" : "directive-unknown");
      for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
    }
  });

  it("nothing more in a service whose finding its manifest acknowledges", async () => {
    const manifest = {
      format: 1,
      name: "each",
      files: [],
      sockets: ["each.socket"],
      service: "each@.service",
    };
    await systemd.write(
      "/var/lib/sockact/each/manifest.json",
      JSON.stringify({ ...manifest, description: { acknowledge: ["kill-mode"] } }),
    );
    expect((await ask(systemd, "each")).codes).toEqual([]);
    // A connection that is over.
    expect((await ask(systemd, "each@0.service")).services).toMatchObject([{ sockets: ["each.socket"] }]);
  });

  it("no such unit, ends with 3, and names the one that is meant; it takes no pattern for a name", async () => {
    for (const [name, message] of [
      ["healty", /SOCKACT_ERR_UNIT_UNKNOWN[^]*Did you mean healthy\?/],
      ["*", /SOCKACT_ERR_UNIT_UNKNOWN/],
      ["healt?y", /SOCKACT_ERR_UNIT_UNKNOWN/],
      ["*.service", /SOCKACT_ERR_UNIT_UNKNOWN/],
    ] as const)
      expect(await systemd.run(doctorCommand(systemd, name))).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(message) as string,
      });
  });

  it("that a user's own manager may not open port 80", async () => {
    await systemd.mustRun(["sh", "-c", "mkdir -p /run/user && mkdir -m 700 /run/user/0"]);
    // The manager of an ordinary user can't start here. This one may do as little as that.
    await systemd.write(
      "/etc/systemd/system/user@0.service.d/50-ports.conf",
      "[Service]\nCapabilityBoundingSet=~CAP_NET_BIND_SERVICE\n",
    );
    await systemd.systemctl("daemon-reload");
    await systemd.write("/etc/systemd/user/mine.socket", "[Socket]\nListenStream=81\n");
    await systemd.write(
      "/etc/systemd/user/mine.service",
      `[Unit]\nRequires=mine.socket\n[Service]\nExecStart=${systemd.node} /srv/healthy/server.mjs\n`,
    );
    await systemd.start("user@0.service");
    const asUser = ["env", "XDG_RUNTIME_DIR=/run/user/0"];
    await systemd.run([...asUser, "systemctl", "--user", "start", "mine.socket"]);
    const answer = await ask(systemd, "mine", asUser, "--user");
    expect(answer.finding("port-forbidden")).toMatchObject({
      unit: "mine.socket",
      message: "mine.socket may not listen on port 81: without root, the lowest port is 1024.",
    });
    await systemd.stop("user@0.service");
  });

  it("each of its faults in one of these tests, or in those of a handover", () => {
    const elsewhere = [
      "config-differs",
      "unit-edited",
      "install-interrupted",
      "port-forbidden",
      "socket-not-open",
      "proxy-header",
      "reload-failed",
      // metrics-timer.test.ts
      "timer-inactive",
      // doctor-hosts.test.ts
      "proxy-inactive",
      "proxy-port",
      "proxy-config",
      "site-missing",
      "host-taken",
      "caddy-admin",
    ];
    const shown = new Set([
      ...Object.values(scenarios).flatMap(({ finds }) => finds.map(({ code }) => code)),
      ...elsewhere,
    ]);
    const missing = diagnoses
      .map(({ code }) => code)
      .filter((code) => !shown.has(code) && !/^(?:handover|certificate|dns)-/.test(code));
    expect(missing).toEqual([]);
  });
});
