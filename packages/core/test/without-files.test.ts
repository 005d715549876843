import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createRequire } from "node:module";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  type AppProcess,
  certificateOf,
  closeAll,
  freeAddress,
  openConnection,
  openSecurely,
  portOf,
  rawSocket,
  startWithFds,
} from "@sockact/testkit";
import { serviceManager } from "./service-manager.ts";

/** An app that uses a feature. Its files are removed before the first client comes, as by a deployment. */
interface Feature {
  options: object;
  /** The variables of its service, and the descriptor of `OpenFile=`, if it has one. */
  service?: () => { env: Record<string, string>; notify?: number };
  /** Uses the feature. */
  use: (app: AppProcess, address: string) => Promise<void>;
}

const REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

async function answerOn(client: Socket, text = REQUEST): Promise<string> {
  client.write(text);
  let answer = "";
  for await (const part of client) answer += String(part);
  return answer;
}

const manager = serviceManager();

const features: Record<string, Feature> = {
  nothing: {
    options: {},
    use: async (_app, address) => expect(await answerOn(openConnection(address))).toMatch(/^HTTP\/1.1 200 /),
  },
  health: {
    options: { health: "/healthz" },
    use: async (_app, address) => {
      const probe = REQUEST.replace("/", "/healthz");
      expect(await answerOn(openConnection(address), probe)).toMatch(/\r\n\r\n(?:starting|ready)$/);
    },
  },
  trustProxy: {
    options: { trustProxy: true },
    use: async (_app, address) => expect(await answerOn(openConnection(address))).toMatch(/^HTTP\/1.1 200 /),
  },
  tls: {
    options: { tls: certificateOf("localhost") },
    async use(app, address) {
      expect(await answerOn(openSecurely(address))).toMatch(/^HTTP\/1.1 200 /);
      // Reads the certificate again.
      app.kill("SIGHUP");
      await app.event("reload");
      await app.event("reloaded");
      expect(await answerOn(openSecurely(address))).toMatch(/^HTTP\/1.1 200 /);
    },
  },
  proxyProtocol: {
    options: { sockets: { web: { proxyProtocol: true } } },
    async use(app, address) {
      const header = "PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n";
      expect(await answerOn(openConnection(address), header + REQUEST)).toMatch(/192\.0\.2\.1$/);
      const rejected = app.event("rejected");
      await answerOn(openConnection(address)).catch(() => {});
      await rejected;
    },
  },
  notify: {
    options: {},
    service: () => ({
      env: { NOTIFY_SOCKET: manager.NOTIFY_SOCKET, WATCHDOG_USEC: "60000000" },
      notify: manager.connect(),
    }),
    async use() {
      const messages = [await manager.message()];
      while (!messages.includes("WATCHDOG=1")) messages.push(await manager.message());
      expect(messages).toContainEqual(expect.stringMatching(/^READY=1\n/));
    },
  },
  idleTimeout: {
    options: { idleTimeout: "100ms", idleExitStatus: 0 },
    use: async (app) => void (await app.event("idle")),
  },
  handover: { options: { handover: true }, use: async (app) => void (await app.event("ready")) },
};

describe.concurrent("an app whose files are removed when it listens needs none of them", () => {
  test.each(Object.entries(features))("%s", async (_, { options, service, use }) => {
    const bound = await freeAddress("tcp4");
    const fd = rawSocket("ipv4", "stream", { bound, listening: true });
    expect(await runWithoutFiles(fd, options, service?.(), (app) => use(app, bound))).toBe(0);
  });

  test("datagram", async () => {
    const fd = rawSocket("ipv4", "datagram", { bound: "127.0.0.1:0" });
    const port = portOf(fd);
    const status = await runWithoutFiles(fd, { datagram: true }, undefined, async () => {
      const client = createSocket("udp4");
      client.send("a message", port, "127.0.0.1");
      expect(String((await once(client, "message"))[0])).toBe("a message");
      client.close();
    });
    expect(status).toBe(0);
  });

  test("Accept=yes", async () => {
    const bound = await freeAddress("tcp4");
    const listener = rawSocket("ipv4", "stream", { bound, listening: true });
    const server = createServer().listen({ fd: listener });
    const client = rawSocket("ipv4", "stream", { connectedTo: bound });
    const [peer] = (await once(server, "connection")) as [Socket];
    const status = await runWithoutFiles(client, {}, undefined, async (app) => {
      expect(await answerOn(peer)).toMatch(/^HTTP\/1.1 200 /);
      await app.event("served");
    });
    server.close();
    expect(status).toBe(0);
  });
});

test.each<[string, (file: string) => void, RegExp]>([
  ["removed", rmSync, /^A file of sockact can't be loaded: Cannot find module '\.\/health\.cjs'$/],
  [
    "replaced by another version",
    (file) => writeFileSync(file, readFileSync(file, "utf8").replace(/(?<=\$build !== ")\w+/, "another")),
    /: health\.cjs is of another version$/,
  ],
])("an option whose file is %s has an error with a code", async (_, replace, message) => {
  const folder = mkdtempSync(join(tmpdir(), "replaced-files-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(fileURLToPath(new URL("../dist", import.meta.url)), folder, { recursive: true });
  replace(join(folder, "health.cjs"));
  const { listen } = createRequire(import.meta.url)(
    join(folder, "index.cjs"),
  ) as typeof import("@sockact/core");
  await expect(listen(createHttpServer(), { port: 0, health: "/healthz" })).rejects.toMatchObject({
    name: "ActivationError",
    code: "SOCKACT_ERR_FILES_REPLACED",
    message: expect.stringMatching(message) as string,
    hint: "Its files were replaced. Restart the process.",
  });
});

/** Copies the package, starts the app with it, removes it, and uses the app. Resolves with its exit status. */
async function runWithoutFiles(
  fd: number,
  options: object,
  { env = {}, notify }: { env?: Record<string, string>; notify?: number } = {},
  use: (app: AppProcess) => Promise<void>,
): Promise<number | NodeJS.Signals> {
  const folder = mkdtempSync(join(tmpdir(), "without-files-"));
  try {
    const published = fileURLToPath(new URL("..", import.meta.url));
    for (const part of ["package.json", "dist"])
      cpSync(join(published, part), join(folder, "node_modules/@sockact/core", part), { recursive: true });
    const program = join(folder, "app.cjs");
    cpSync(fileURLToPath(new URL("programs/without-files.cjs", import.meta.url)), program);
    await using app = startWithFds(
      notify === undefined ? [fd] : [fd, notify],
      [process.execPath, program, JSON.stringify(options)],
      { names: notify === undefined ? ["web"] : ["web", "notify"], env },
    );
    await app.event("listening");
    rmSync(join(folder, "node_modules"), { recursive: true });
    app.write("the files are gone");
    await use(app);
    app.kill("SIGTERM");
    await app.event("stop");
    return await app.ended;
  } finally {
    closeAll([fd]);
    rmSync(folder, { recursive: true });
  }
}
