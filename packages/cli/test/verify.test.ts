import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { bootPrivateSystemd, describeWith, type PrivateSystemd, systemdVersion } from "@sockact/testkit";
import { emitUnits, type AppDescription } from "@sockact/units";
import { afterAll, beforeAll, expect, it } from "vitest";
import { folderWith } from "./app-folder.ts";
import { outcome } from "./outcome.ts";
import { sockactInside } from "./run.ts";

const description = {
  name: "shop",
  exec: [process.execPath, "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
} satisfies AppDescription;
const good = emitUnits(description);

/** As systemd-analyze rates the default sandbox. An older one does not know all of it. */
const exposure = (systemdVersion() ?? 0) >= 253 ? 1.1 : 1.3;

interface Json {
  findings: { file: string; line: number; code: string; message: string; severity: string }[];
  exposures: { file: string; score: number; rating: string }[];
  missing: string[];
}

describeWith({ commands: ["systemd-analyze"], systemd: 250 }, "sockact verify", () => {
  async function verifyJson(cwd: string, ...args: string[]) {
    const { code, stdout, stderr } = await outcome(["verify", "--json", ...args], { cwd });
    const json = JSON.parse(stdout) as Json;
    return { ...json, code, stderr, found: json.findings.map(({ file, code: what }) => `${file} ${what}`) };
  }

  it("finds nothing in the units of sockact, and rates the exposure of the service", async () => {
    const { code, stdout, stderr } = await outcome(["verify"], { cwd: folderWith(good) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      `shop.service: exposure ${exposure} of 10, OK (systemd-analyze security)\n\nNo findings in 2 files.\n`,
    );
  });

  it("reports the faults that only systemd sees, and faults that both see only once", async () => {
    const service = good["shop.service"]!.replace(process.execPath, "/usr/bin/nodex");
    const cwd = folderWith({
      ...good,
      "shop.service": service,
      "shop.service.d/nice.conf": "[Service]\nNicer=5\n",
    });
    const { code, findings } = await verifyJson(cwd);
    expect(code).toBe(1);
    expect(findings.filter(({ file }) => file.endsWith(".conf"))).toEqual([
      expect.objectContaining({ line: 2, code: "directive-unknown" }),
    ]);
    expect(findings).toContainEqual(
      expect.objectContaining({
        file: "shop.service",
        code: "systemd-verify",
        severity: "error",
        message: expect.stringContaining("/usr/bin/nodex is not executable") as string,
      }),
    );
  });

  it("--ignore leaves out a code, even one of systemd", async () => {
    const service = good["shop.service"]!.replace(process.execPath, "/usr/bin/nodex");
    const cwd = folderWith({ ...good, "shop.service": service });
    expect((await verifyJson(cwd)).found).toContain("shop.service systemd-verify");
    expect(await verifyJson(cwd, "--ignore", "systemd-verify")).toMatchObject({ code: 0, findings: [] });
  });

  it("leaves out messages of systemd about other units", async () => {
    const units = folderWith({
      ...good,
      "shop.service": good["shop.service"]!.replace("[Unit]\n", "[Unit]\nWants=other.service\n"),
      "other.service": "[Service]\nExecStart=/bin/true\nNicer=1\n",
    });
    expect(await verifyJson(units, "shop.service", "shop.socket")).toMatchObject({ code: 0, findings: [] });
    expect((await verifyJson(units)).found).toEqual(["other.service directive-unknown"]);
  });

  it("takes the same names in two folders for different units, and reads templates", async () => {
    const template = { "echo@.service": "[Service]\nExecStart=/usr/bin/nothing\nStandardInput=socket\n" };
    const socket = {
      "echo.socket": "[Socket]\nListenStream=7\nAccept=yes\n[Install]\nWantedBy=sockets.target\n",
    };
    const files = Object.entries({ ...template, ...socket });
    const cwd = folderWith(
      Object.fromEntries(
        ["dev", "prod"].flatMap((folder) => files.map(([name, text]) => [`${folder}/${name}`, text])),
      ),
    );
    const { findings } = await verifyJson(cwd, ".");
    expect(findings.filter(({ code }) => code === "systemd-verify").map(({ file }) => file)).toEqual([
      "dev/echo@.service",
      "prod/echo@.service",
    ]);
  });

  it("--threshold makes a finding of a service that is more exposed", async () => {
    const open = emitUnits({ ...description, hardening: "none" });
    const cwd = folderWith(open);
    expect(await verifyJson(cwd)).toMatchObject({ code: 0, findings: [] });
    const { code, found } = await verifyJson(cwd, "--threshold", "2.5");
    expect({ code, found }).toEqual({ code: 1, found: ["shop.service systemd-security"] });
    expect(await verifyJson(folderWith(good), "--threshold=2.5")).toMatchObject({ code: 0, findings: [] });
    const refused = await outcome(["verify", "--threshold", "11"], { cwd });
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("from 0 to 10") as string });
  });

  it("--security-policy rates by another policy", async () => {
    const policy = JSON.stringify({ PrivateNetwork: { weight: 1_000_000, range: 1 } });
    const cwd = folderWith({ ...good, "policy.json": policy });
    const usual = await verifyJson(cwd);
    const other = await verifyJson(cwd, "--security-policy=policy.json");
    expect(other.missing).toEqual([]);
    expect(other.exposures[0]!.score).not.toBe(usual.exposures[0]!.score);
  });

  it("checks the units that the config of the folder describes", async () => {
    const described = { ...description, exec: ["/usr/bin/nodex", "/srv/shop/server.js"] };
    const cwd = folderWith({
      "sockact.config.json": JSON.stringify(described),
      // It is the config that counts.
      "old.service": "[Service]\n",
    });
    const { code, found, exposures } = await verifyJson(cwd);
    expect({ code, found }).toEqual({ code: 1, found: ["shop.service systemd-verify"] });
    expect(exposures).toEqual([{ file: "shop.service", score: exposure, rating: "OK" }]);
    const { stdout } = await outcome(["verify", "--config", "sockact.config.json"], { cwd });
    expect(stdout).toMatch(
      /^The units that sockact\.config\.json describes:\nshop\.service: exposure 1\.[13]/,
    );
  });

  it("reports missing programs, and lints anyway", async () => {
    const cwd = folderWith({ ...good, "bad.service": "[Service]\nExecStart=/bin/true\nNicer=1\n" });
    mkdirSync(join(cwd, "bin"));
    symlinkSync(process.execPath, join(cwd, "bin/node"));
    const { code, stdout, stderr } = await outcome(["verify"], { cwd, env: { PATH: join(cwd, "bin") } });
    expect(code).toBe(1);
    expect(stdout).toContain("bad.service:3  warning  directive-unknown\n");
    expect(stderr).toBe(
      "warning: systemd-analyze is missing, so systemd has not read the units\nwarning: systemd-analyze is missing, so the sandbox was not rated\n",
    );
  });

  it.each([
    ["a path that is not there", ["./nowhere"], /\.\/nowhere does not exist \(SOCKACT_ERR_LINT_FILE\)/],
    ["a config beside files", ["--config", "x.json", "y"], /can't be used together/],
    ["an empty folder", ["."], /no unit files in \. \(SOCKACT_ERR_LINT_FILE\)/],
  ])("%s is an error, with code 2", async (_, args, stderr) => {
    const ended = await outcome(["verify", ...args], { cwd: folderWith({}) });
    expect(ended).toEqual({ code: 2, stdout: "", stderr: expect.stringMatching(stderr) as string });
  });
});

describeWith({ privateSystemd: true, systemd: 250 }, "sockact verify NAME, with a real systemd", () => {
  let systemd: PrivateSystemd;
  const sockact = (...args: string[]) => systemd.run([...sockactInside(systemd), ...args]);

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await systemd.installUnits(
      emitUnits({ ...description, exec: [systemd.node, `${systemd.project}/examples/server.js`] }),
    );
    await systemd.start("shop.socket");
  });
  afterAll(() => systemd?.close());

  it("checks the files of an installed service, of its sockets and of their drop-ins", async () => {
    const { code, stdout, stderr } = await sockact("verify", "shop");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      `/run/systemd/system/shop.service: exposure ${exposure} of 10, OK (systemd-analyze security)\n\nNo findings in 2 files.\n`,
    );

    await systemd.write("/run/systemd/system/shop.socket.d/more.conf", "[Socket]\nBacklogg=5\n");
    await systemd.systemctl("daemon-reload");
    const changed = await sockact("verify", "shop.socket");
    expect(changed.code).toBe(1);
    expect(changed.stdout).toContain(
      "/run/systemd/system/shop.socket.d/more.conf:2  warning  directive-unknown",
    );
  });

  it("suggests a similar service, and completes its name", async () => {
    const { code, stderr } = await sockact("verify", "shopp");
    expect(code).toBe(2);
    expect(stderr).toMatch(/shopp is not a file, and .* \(SOCKACT_ERR_UNIT_UNKNOWN\)\nDid you mean shop\?/);
    const { stdout } = await sockact("complete", "zsh", "--", "verify", "sh");
    expect(stdout).toBe("words\nshop\tshop.service\n");
  });
});
