import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emitUnits, type AppDescription } from "../src/index.ts";

/**
 * In the place of Podman, so that what it would be told can be read: it writes its arguments down, and says
 * that it is ready.
 */
const podman = (node: string) => `#!${node}
if (process.argv[2] !== "run") process.exit();
require("node:fs").appendFileSync("/run/told", JSON.stringify(process.argv.slice(2)) + "\\n");
require("node:child_process").execFileSync("systemd-notify", ["--ready"]);
setInterval(() => {}, 60_000);
`;

const odd = fc.string({
  unit: fc.oneof(
    fc.constantFrom(..."\\\"'%$ \n\t\r;#\x01\x7f{}~né".split("")),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
  ),
  maxLength: 12,
});
// A .container file can say neither of these as an argument; emitUnits refuses them.
const sample = fc.sample(
  odd.filter((text) => text !== "" && text !== ";"),
  { seed: 20_250_306, numRuns: 300 },
);

describeWith(
  { privateSystemd: true, commands: ["podman"] },
  "a container, whose unit Podman's generator makes,",
  () => {
    let systemd: PrivateSystemd;

    beforeAll(async () => {
      systemd = await bootPrivateSystemd({ generators: "/usr/lib/systemd/system-generators" });
      await systemd.write("/run/told-podman", podman(systemd.node), 0o755);
      await systemd.mustRun(["mount", "--bind", "/run/told-podman", "/usr/bin/podman"]);
    });
    afterAll(() => systemd?.close());

    /** What the generator says to the units in `/etc/containers/systemd`, but for the files that it reads. */
    async function install(description: Omit<AppDescription, "name">, name = "shop"): Promise<string> {
      const units = emitUnits({ name, ...description }, { comments: true });
      for (const [file, text] of Object.entries(units)) {
        const folder = file.endsWith(".container") ? "/etc/containers/systemd" : "/run/systemd/system";
        await systemd.write(`${folder}/${file}`, text);
      }
      await systemd.systemctl("daemon-reload");
      const { stderr } = await systemd.run(["/usr/libexec/podman/quadlet", "-dryrun"]);
      const complaints = stderr.split("\n").filter((line) => !/Loading source unit file|^$/.test(line));
      const made = `/run/systemd/generator/${name}.service`;
      const verified = await systemd.run(["systemd-analyze", "verify", made]);
      return [...complaints, ...verified.stderr.split("\n").filter((line) => line.includes(name))].join("\n");
    }

    async function told(): Promise<string[]> {
      const lines = (await systemd.mustRun(["cat", "/run/told"])).trimEnd().split("\n");
      return JSON.parse(lines.at(-1)!) as string[];
    }

    it("gets the arguments and variables that were asked for, whatever is in them", async () => {
      const environmentFile = ["/etc/shop/env", "/etc/shop/$a b%'\"n"];
      const environment = Object.fromEntries(
        ["", ";", ...sample].map((value, index) => [`V${index}`, value]),
      );
      // Some versions of Node look for --env-file after the name of the script too, and need the files.
      for (const file of environmentFile) await systemd.write(file, "");
      expect(
        await install({
          container: {
            image: "localhost/shop:1",
            volumes: ["/srv/100%:/data:ro"],
            podmanArgs: ["--label=a=$b %n"],
          },
          exec: sample,
          environment,
          environmentFile,
          user: "1000",
          workingDirectory: "/srv/$a b%",
          drainTimeout: "30s",
          idleTimeout: "5min",
          preload: { path: '/50% of "$1"\\ é %n/p.cjs', map: { "/run/$x %n.sock": "http" } },
          sockets: [{ name: "http", listen: 80 }],
        }),
      ).toBe("");
      await systemd.start("shop.service");
      const words = await told();
      const image = words.indexOf("localhost/shop:1");
      expect(words.slice(image + 1)).toEqual(sample);
      const valuesOf = (option: string) =>
        words.slice(0, image).flatMap((word, index) => (word === option ? [words[index + 1]] : []));
      expect(
        Object.fromEntries(valuesOf("--env").map((text) => /^(\w+)=([^]*)$/.exec(text!)!.slice(1))),
      ).toEqual({
        ...environment,
        SOCKACT_DRAIN_TIMEOUT: "30s",
        SOCKACT_IDLE_TIMEOUT: "5min",
        SOCKACT_IDLE_EXIT_STATUS: "42",
        SOCKACT_MAP: "/run/$x %n.sock=http",
        NODE_OPTIONS: '"--require=/50% of \\"$1\\"\\\\ é %n/p.cjs"',
      });
      expect(words).toEqual(
        expect.arrayContaining([
          "--stop-timeout=40",
          "--label=a=$b %n",
          "--read-only",
          "--security-opt=no-new-privileges",
          "--sdnotify=conmon",
        ]),
      );
      expect(valuesOf("--env-file")).toEqual(environmentFile);
      expect(valuesOf("--cap-drop")).toEqual(["all"]);
      expect(valuesOf("--user")).toEqual(["1000"]);
      expect(valuesOf("--workdir")).toEqual(["/srv/$a b%"]);
      expect(valuesOf("-v")).toEqual(["/srv/100%:/data:ro"]);
      expect(valuesOf("--network")).toEqual([]);
      await systemd.stop("shop.socket", "shop.service");
    });

    it("has no network if it is inbound, says itself when it is ready, and is started by its sockets", async () => {
      const complaints = await install(
        {
          container: { image: "docker.io/library/node:24", userNS: "auto" },
          type: "notify",
          hardening: "inbound",
          timeoutStopSec: "infinity",
          sockets: [
            { name: "http", listen: 81 },
            { name: "my api", listen: 82 },
          ],
        },
        "told",
      );
      expect(complaints).toBe("");
      await systemd.start("told.service");
      const words = await told();
      expect(words).toEqual(expect.arrayContaining(["--sdnotify=container", "--stop-timeout=2147483647"]));
      expect(words.join(" ")).toMatch(/--network none .*--userns auto .*docker\.io\/library\/node:24$/);
      for (const unit of ["told-http.socket", "told-my\\x20api.socket"]) {
        expect(await systemd.show(unit, "Triggers")).toBe("told.service");
        expect(await systemd.show(unit, "ActiveState")).toBe("active");
      }
      await systemd.stop("told-http.socket", "told-my\\x20api.socket", "told.service");
    });

    it("removes nothing without a sandbox, and accepts raw sections", async () => {
      const complaints = await install(
        {
          container: { image: "localhost/shop" },
          hardening: "none",
          wantedBy: ["multi-user.target"],
          raw: { Container: { HealthCmd: "true", PublishPort: ["9000"] } },
          sockets: [{ listen: 83 }],
        },
        "bare",
      );
      expect(complaints).toBe("");
      expect(await systemd.show("multi-user.target", "Wants")).toContain("bare.service");
      await systemd.start("bare.service");
      const words = await told();
      expect(words).toEqual(expect.arrayContaining(["--health-cmd", "--publish"]));
      for (const word of ["--read-only", "--cap-drop", "--security-opt=no-new-privileges"])
        expect(words).not.toContain(word);
    });
  },
);
