import process from "node:process";
import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ask, bootForDoctor, doctorCommand } from "./doctor.ts";
import { sockactInside } from "./run.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "sockact doctor, on services that work", () => {
  let systemd: PrivateSystemd;
  const escaped = String.raw`escaped@\x2da.socket`;
  beforeAll(async () => {
    systemd = await bootForDoctor();
    // They never accept by an event loop. Most apps have a variable whose value is a word like any other.
    const units = {
      "other.socket": "[Socket]\nListenStream=/run/other.sock\n[Install]\nWantedBy=sockets.target\n",
      "other.service":
        "[Unit]\nRequires=other.socket\n[Service]\nEnvironment=APP_NAME=other LOG=listens MODE=enable\nExecStart=/usr/bin/sleep 1000\n",
      "hinted.socket": "[Socket]\nListenStream=/run/hinted.sock\n[Install]\nWantedBy=sockets.target\n",
      "hinted.service": `[Unit]\nRequires=hinted.socket\n[Service]\nDynamicUser=yes\nExecStart=${systemd.node} /srv/shop.js\n`,
      // As systemd-escape writes a path with a dash.
      "escaped@.socket": "[Socket]\nListenStream=/run/%i.sock\n[Install]\nWantedBy=sockets.target\n",
      "escaped@.service": "[Unit]\nRequires=escaped@%i.socket\n[Service]\nExecStart=/usr/bin/sleep 1000\n",
    };
    for (const [file, text] of Object.entries(units))
      await systemd.write(`/etc/systemd/system/${file}`, text);
    await systemd.systemctl("enable", "--now", "other.socket", "hinted.socket", escaped);
    await systemd.start("other.service");
  });
  afterAll(() => systemd?.close());

  it("finds nothing in the example of Fastify, and says without root what it could not see", async () => {
    const cwd = `${systemd.project}/examples/fastify`;
    await systemd.mustRun([...sockactInside(systemd), "units", "--out", "/etc/systemd/system"], { cwd });
    await systemd.systemctl("daemon-reload");
    const sockets = ["http", "http-443"].map((name) => `example-fastify-${name}.socket`);
    await systemd.systemctl("enable", "--now", ...sockets);
    const service = "example-fastify.service";
    await systemd.request("http://localhost/");
    expect(await ask(systemd, service)).toMatchObject({ code: 0, findings: [], unseen: [] });
    const asNobody = await ask(systemd, service, ["setpriv", "--reuid=65534", "--clear-groups"]);
    expect(asNobody).toMatchObject({ code: 0, findings: [] });
    expect(asNobody.unseen.map(({ what }) => what)).toEqual([
      "You may not see all lines of the journal.",
      `You may not see the open files of ${service}.`,
    ]);
    await systemd.stop(...sockets, service);
  });

  it(
    "has nothing against programs that are not Node, escaped names, and what a package has brought and nobody uses",
    { tags: "campaign" },
    async () => {
      // Before, it took a program for stuck that was up for ten seconds.
      await systemd.waitUntil(
        async () => {
          const started = await systemd.show("other.service", "ExecMainStartTimestampMonotonic");
          return Number(process.hrtime.bigint() / 1000n) - Number(started) > 10_000_000;
        },
        "it is up for long",
        60_000,
      );
      expect(await ask(systemd, "other")).toMatchObject({ code: 0, unseen: [] });
      const asked = await ask(systemd, escaped);
      expect(asked.codes.filter((code) => code !== "start-limit" && code !== "trigger-limit")).toEqual([]);
      expect((await ask(systemd, "systemd-journald")).codes).not.toContain("service-without-socket");
      expect((await ask(systemd, "systemd-rfkill")).codes).not.toContain("socket-inactive");
    },
  );

  it("tells hints of the linter in a line, which does not change the exit code", async () => {
    const { stdout, code } = await systemd.run(doctorCommand(systemd, "hinted"));
    expect(stdout).toContain(
      "● 2 hints of the linter\n  start-limit, trigger-limit. To read them:\n    sockact lint /etc/systemd/system/",
    );
    expect(code).toBe(0);
  });

  it("does not say that a socket listens which a package has brought and no service has started", async () => {
    const folder = "/usr/lib/systemd/system";
    await systemd.mustRun([
      "sh",
      "-ec",
      `cp -a ${folder} /run/vendor; mount --bind /run/vendor ${folder}; printf '[Socket]\\nListenStream=/run/b.sock\\n[Install]\\nWantedBy=sockets.target\\n' >${folder}/brought.socket; printf '[Unit]\\nRequires=brought.socket\\n[Service]\\nExecStart=/usr/bin/sleep 9\\n' >${folder}/brought.service`,
    ]);
    await systemd.systemctl("daemon-reload");
    expect((await ask(systemd, "brought")).finding("not-enabled")).toMatchObject({
      message: "brought.socket is neither started nor enabled.",
      copy: ["systemctl enable --now brought.socket"],
    });
  });

  it("keeps its own words and commands, whatever variables have as their values", async () => {
    await systemd.systemctl("disable", "other.socket");
    expect((await ask(systemd, "other")).finding("not-enabled")).toMatchObject({
      message: "other.socket listens now, but is not enabled.",
      copy: ["systemctl enable other.socket"],
    });
  });

  it(
    "reads the end of a journal that is longer than it can read at once",
    { tags: "campaign", timeout: 900_000 },
    async () => {
      // It waits for journald. With console.log(), Node would lose the error of an app whose output can't be
      // written at once.
      const line = String.raw`require("node:fs").writeSync(1, "\x7f".repeat(47_000) + "\n")`;
      await systemd.write(
        "/srv/large.js",
        `for (let at = 0; at < 400; at += 1) ${line}; throw new Error("too large");`,
      );
      await systemd.installUnits({
        "large.socket": "[Socket]\nListenStream=/run/large.sock\n",
        "large.service": `[Service]\nExecStart=${systemd.node} /srv/large.js\n`,
      });
      await systemd.start("large.socket");
      await systemd.systemctl("start", "--no-block", "large.service");
      await systemd.waitForUnit("large.service", "ActiveState", "failed", 400_000);
      // journald reads more slowly than the app prints. As JSON, the whole journal would have 100 MB.
      const end = ["journalctl", "--unit=large.service", "--lines=30", "--output=cat"];
      await expect
        .poll(() => systemd.mustRun(end), { timeout: 400_000, interval: 200 })
        .toContain("too large");
      const answer = await ask(systemd, "large");
      expect(answer.finding("app-crashed").evidence[0]!.text).toMatch(/^Error: too large\n/);
      expect(answer.unseen).toEqual([]);
    },
  );
});
