import { execFile, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { type AppProcess, describeWith, freeAddress, httpRequest, startProcess } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const repository = join(import.meta.dirname, "..");
const example = join(import.meta.dirname, "container");

/** An app that ends at once. */
const UNCHANGED = `
const http = require("node:http");
const server = http.createServer((request, response) => {
  if (request.url === "/healthz") return response.end();
  setTimeout(() => response.end("hello"), 1000);
});
server.listen(process.env.PORT, () => console.log("The app is process", process.pid));
process.on("SIGTERM", () => process.exit(7));
`;

/** The shared libraries of a program, and the program. */
function filesOf(program: string): string[] {
  const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" });
  return [program, ...Array.from(stdout.matchAll(/\/\S+\.so\S*/g), ([file]) => file)];
}

/** Makes a folder with node and a shell of this machine, for an image. No registry is needed. */
function makeRoot(folder: string): void {
  for (const file of [...filesOf(process.execPath), ...filesOf("/bin/sh")]) {
    const target = join(folder, file === process.execPath ? "/usr/bin/node" : file);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(realpathSync(file), target);
  }
  for (const each of ["app", "etc", "tmp"]) mkdirSync(join(folder, each), { recursive: true });
  writeFileSync(join(folder, "etc/passwd"), "root:x:0:0::/:/bin/sh\nnode:x:1000:1000::/:/bin/sh\n");
  symlinkSync(join(repository, "node_modules"), join(folder, "app/node_modules"));
}

describeWith(
  { root: true, otherUsers: true, commands: ["podman", "crun", "unshare", "ldd"], tags: "campaign" },
  "the Dockerfiles of docs/containers.md, in Podman",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "sockact-container-"));
    const run = promisify(execFile);

    /** Podman with images of its own, and with version 2 of cgroups alone. */
    const podman = (args: readonly string[]): string[] => [
      "unshare",
      "--mount",
      "sh",
      "-c",
      'umount --recursive /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec podman "$@"',
      "podman",
      `--root=${folder}/storage`,
      `--runroot=${folder}/run`,
      "--storage-driver=vfs",
      "--cgroup-manager=cgroupfs",
      ...args,
    ];
    const mustRun = async (...args: string[]): Promise<string> => {
      const [program, ...rest] = podman(args) as [string, ...string[]];
      return (await run(program, rest)).stdout;
    };

    beforeAll(async () => {
      makeRoot(join(folder, "base"));
      await run("tar", ["-C", join(folder, "base"), "-cf", join(folder, "base.tar"), "."]);
      await mustRun("import", join(folder, "base.tar"), "node:24-slim");
      await build("shop", "Dockerfile", readFileSync(join(example, "server.mjs"), "utf8"));
      await build("preloaded", "preload.Dockerfile", UNCHANGED);
    }, 120_000);
    afterAll(async () => {
      await mustRun("rm", "--force", "--all", "--time=0").catch(() => {});
      rmSync(folder, { recursive: true, force: true });
    });

    /** Builds an image. Its packages are those of this clone, not those of npm. */
    async function build(tag: string, dockerfile: string, server: string): Promise<void> {
      const context = join(folder, tag);
      mkdirSync(context);
      for (const file of ["server.js", "server.mjs"]) writeFileSync(join(context, file), server);
      writeFileSync(join(context, "package.json"), "{}\n");
      const text = readFileSync(join(example, dockerfile), "utf8");
      writeFileSync(join(context, "Dockerfile"), text.replaceAll(/^RUN npm .*\n/gm, ""));
      await mustRun("build", `--tag=${tag}`, context);
    }

    let names = 0;

    /** Stops a container while a request is under way. Returns its answer, and how the container ended. */
    async function stopUnderWay(
      image: string,
      ...command: string[]
    ): Promise<{ body: string | undefined; status: number | NodeJS.Signals; app: AppProcess }> {
      const name = `shop-${names++}`;
      const address = await freeAddress("tcp4");
      const options = [
        "--network=host",
        "--cgroups=disabled",
        `--volume=${repository}:${repository}:ro`,
        `--env=PORT=${address.split(":").at(-1)}`,
      ];
      const app = startProcess(podman(["run", `--name=${name}`, ...options, image, ...command]));
      await app.line(/^The app is process/);
      const answer = httpRequest(address).then(
        ({ body }) => body,
        () => undefined,
      );
      // The app has accepted the first request when it answers this one.
      await httpRequest(address, "/healthz");
      await mustRun("stop", "--time=3", name);
      return { body: await answer, status: await app.ended, app };
    }

    test("the app is process 1, and answers at podman stop", async () => {
      const { body, status, app } = await stopUnderWay("shop");
      expect({ body, status }).toEqual({ body: "hello", status: 0 });
      expect(app.stdout).toContain("The app is process 1");
      expect(app.stderr).toMatch(/SIGTERM: draining, \d open connections?$/m);
    });

    test("the preload lets the handlers of an app that can't be changed wait", async () => {
      const { body, status } = await stopUnderWay("preloaded");
      expect({ body, status }).toEqual({ body: "hello", status: 7 });
    });

    describe("with another command", () => {
      test.each([
        ["sh -c exec node", ["sh", "-c", "exec node server.mjs"], 0],
        ["sh -c node: the shell does not pass the signal on", ["sh", "-c", "node server.mjs; true"], 137],
      ] as const)("%s", async (_, command, expected) => {
        const { body, status } = await stopUnderWay("shop", ...command);
        expect({ body, status }).toEqual({ body: "hello", status: expected });
      });
    });
  },
);
