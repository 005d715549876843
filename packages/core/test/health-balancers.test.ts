import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  type AppProcess,
  DEADLINE,
  describeWith,
  freeAddress,
  httpRequest,
  type ListenAddress,
  startProcess,
} from "@sockact/testkit";
import { startApp, systemdSocket } from "./lifecycle-app.ts";

/** A load balancer whose configuration is in the documentation. */
interface Balancer {
  config: string;
  /** The part of it that says where it listens. */
  listens: [text: string, instead: (address: ListenAddress) => string];
  command(config: string, folder: string): string[];
  /** How it is told to send PROXY headers. */
  proxy?: [text: RegExp, instead: string];
}

const haproxy: Balancer = {
  config: "health-haproxy.cfg",
  listens: ["bind :80", (address) => `bind ${address}`],
  command: (config) => ["haproxy", "-db", "-f", config],
};

const caddy: Balancer = {
  config: "health-Caddyfile",
  listens: [":80 {", (address) => `{\n\tadmin off\n}\n:${address.split(":").at(-1)} {`],
  command: (config) => ["caddy", "run", "--adapter", "caddyfile", "--config", config],
};

const nginx: Balancer = {
  config: "health-nginx.conf",
  listens: ["listen 80", (address) => `listen ${address}`],
  command: (config, folder) => [
    "nginx",
    "-p",
    folder,
    "-c",
    config,
    "-g",
    `daemon off; master_process off; pid ${folder}/pid;`,
  ],
};

/** Starts a load balancer in front of two hosts. Its probes come every 50 ms. */
async function start(
  { config, listens: [text, instead], command, proxy = [/$^/, ""] }: Balancer,
  hosts: readonly ListenAddress[],
): Promise<{ balancer: AppProcess; address: ListenAddress }> {
  const folder = mkdtempSync(join(tmpdir(), "sockact-test-balancer-"));
  const address = await freeAddress("tcp4");
  const written = readFileSync(fileURLToPath(new URL(`programs/${config}`, import.meta.url)), "utf8")
    .replace(text, instead(address))
    .replace("10.0.0.11:8080", hosts[0] as string)
    .replace("10.0.0.12:8080", hosts[1] as string)
    .replace(/(inter|health_interval) 2s/, "$1 50ms")
    .replace(...proxy);
  writeFileSync(join(folder, config), written);
  const balancer = startProcess(command(join(folder, config), folder), { env: { HOME: folder } });
  void balancer.ended.then(() => rmSync(folder, { recursive: true, force: true }));
  return { balancer, address };
}

/** Makes requests until this is true. Each must be answered with 200. */
async function requestUntil(address: ListenAddress, isReached: () => boolean): Promise<void> {
  const deadline = Date.now() + DEADLINE;
  while (!isReached()) {
    expect(Date.now(), "the load balancer takes too long").toBeLessThan(deadline);
    expect(await httpRequest(address)).toMatchObject({ status: 200, body: "hello" });
  }
}

const requestsOf = (app: AppProcess): number => (app.stdout.match(/"request"/g) ?? []).length;

/** The load balancer listens, and knows the state of both hosts. */
async function untilUp(address: ListenAddress): Promise<void> {
  const deadline = Date.now() + DEADLINE;
  for (;;) {
    const status = await httpRequest(address).then(
      (answer) => answer.status,
      () => undefined,
    );
    if (status === 200) return;
    expect(Date.now()).toBeLessThan(deadline);
  }
}

/** Restarts an app while clients make requests, until the new process has answered one of them. */
async function restart(
  app: AppProcess,
  address: ListenAddress,
  startNext: () => Promise<AppProcess>,
): Promise<AppProcess> {
  let next: AppProcess | undefined;
  const restarted = app.ended.then(async () => (next = await startNext()));
  app.kill("SIGTERM");
  await requestUntil(address, () => next !== undefined && requestsOf(next) > 0);
  expect(await app.ended).toBe(0);
  return restarted;
}

describe.each<[what: string, program: string, balancer: Balancer]>([
  ["HAProxy", "haproxy", haproxy],
  [
    "HAProxy with the PROXY protocol",
    "haproxy",
    { ...haproxy, proxy: [/ check$/gm, " check send-proxy-v2"] },
  ],
  ["Caddy", "caddy", caddy],
])("%s", (_, program, config) => {
  describeWith({ commands: [program], root: true, tags: "campaign" }, "as a load balancer", () => {
    test("a host gets clients only while it is ready, no probe reaches an app, and a restart loses no request", async () => {
      const sockets = [await systemdSocket(), await systemdSocket()] as const;
      const [[fd, first], [otherFd, second]] = sockets;
      const options = {
        health: "/healthz",
        ...(config.proxy && { sockets: { unknown: { proxyProtocol: true } } }),
      };
      await using starting = await startApp([fd], { options, hooks: ["onEvent", "onListen"] });
      await using other = await startApp([otherFd], { options });
      const { balancer, address } = await start(config, [first, second]);
      await using _balancer = balancer;
      await untilUp(address);
      // From the first answer on, it may take until the second probe.
      let before = requestsOf(starting);
      await requestUntil(address, () => {
        const isQuiet = requestsOf(starting) === before && requestsOf(other) >= 20;
        before = requestsOf(starting);
        return isQuiet;
      });
      await requestUntil(address, () => requestsOf(other) >= 40);
      expect(requestsOf(starting)).toBe(before);
      starting.write("answer");
      await requestUntil(address, () => requestsOf(starting) > before);
      await using next = await restart(starting, address, () => startApp([fd], { options }));
      for (const app of [starting, other, next]) expect(app.stdout).not.toMatch(/healthz|rejected/);
    });
  });
});

describeWith({ commands: ["nginx"], root: true, tags: "campaign" }, "nginx as a load balancer", () => {
  test("a restart loses no request", async () => {
    const [[fd, first], [otherFd, second]] = [await systemdSocket(), await systemdSocket()];
    await using old = await startApp([fd]);
    await using other = await startApp([otherFd]);
    const { balancer, address } = await start(nginx, [first, second]);
    await using _balancer = balancer;
    await untilUp(address);
    await requestUntil(address, () => requestsOf(old) > 0 && requestsOf(other) > 0);
    await using next = await restart(old, address, () => startApp([fd]));
    expect(requestsOf(next)).toBeGreaterThan(0);
  });
});
