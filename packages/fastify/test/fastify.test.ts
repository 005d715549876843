import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import Fastify from "fastify";
import Fastify4 from "fastify4";
import { systemdListen } from "@sockact/fastify";
import {
  type AppProcess,
  bootPrivateSystemd,
  describeWith,
  freeAddress,
  httpRequest,
  openConnection,
  openRequest,
  type PrivateSystemd,
  readAnswer,
  requestOver,
  socketActivate,
} from "@sockact/testkit";

const app = [process.execPath, fileURLToPath(new URL("apps/all.mjs", import.meta.url))];
const silent = fileURLToPath(new URL("apps/silent.mjs", import.meta.url));

describe("where Fastify listens, in its own words", () => {
  describe.each(["fastify4", "fastify"])("%s", (FRAMEWORK) => {
    test("the log, addresses() and listeningOrigin name every socket, and onListen runs once", async () => {
      const [tcp, tcp6, unix] = (await Promise.all((["tcp4", "tcp6", "unix"] as const).map(freeAddress))) as [
        string,
        string,
        string,
      ];
      await using running = await socketActivate([tcp, tcp6, unix], app, { env: { FRAMEWORK } });
      expect((await httpRequest(tcp)).body).toBe("hello");
      const port = (address: string): number => Number(address.split(":").at(-1));
      expect(await running.event("up")).toMatchObject({
        returned: `http://${tcp}`,
        listeningOrigin: `http://${tcp}`,
        addresses: [
          { address: "::1", family: "IPv6", port: port(tcp6) },
          unix,
          { address: "127.0.0.1", family: "IPv4", port: port(tcp) },
        ],
      });
      await running.event("onListen");
      const announced = running.stdout.match(/Server listening at [^"]*/g);
      expect(announced).toEqual(
        [tcp, tcp6]
          .map((address) => `Server listening at http://${address}`)
          .concat(`Server listening at ${unix}`),
      );
      expect(running.stdout.match(/"onListen"/g)).toHaveLength(1);
    });

    test("no log line and no hook shows a probe of SOCKACT_HEALTH", async () => {
      const address = await freeAddress("tcp4");
      const env = { FRAMEWORK, SOCKACT_HEALTH: "/healthz" };
      await using running = await socketActivate([address], app, { env });
      expect(await httpRequest(address, "/healthz")).toMatchObject({ status: 200, body: "ready" });
      await httpRequest(address);
      await running.line(/request completed/);
      expect(running.stdout.match(/incoming request/g)).toHaveLength(1);
    });

    test("listenTextResolver makes the log line of every socket", async () => {
      const addresses = await Promise.all((["unix", "abstract"] as const).map(freeAddress));
      await using running = await socketActivate(addresses, app, { env: { FRAMEWORK, RESOLVER: "1" } });
      await httpRequest(addresses[0] as string);
      await running.event("up");
      expect(running.stdout.match(/is at [^"]*/g)).toEqual([
        `is at ${addresses[0]}`,
        `is at \\u0000${addresses[1]?.slice(1)}`,
      ]);
    });

    test.each([{ host: "localhost" }, { host: "0.0.0.0", backlog: 64 }, { path: "/never.sock" }])(
      "only the sockets that were passed are open, with listen(%j)",
      async (listen) => {
        const addresses = await Promise.all((["tcp4", "unix"] as const).map(freeAddress));
        await using running = await socketActivate(addresses, app, {
          env: { FRAMEWORK, LISTEN: JSON.stringify(listen) },
        });
        for (const address of addresses) await httpRequest(address);
        await running.event("up");
        expect(listeningSockets(running)).toBe(2);
        expect((await running.event("log")).message).toMatch(/^Server listening/);
      },
    );

    test.each([[["tcp4"]], [["unix"]], [["tcp6", "tcp4"]]] as const)(
      "a stop right after the start ends the app with 0, on %j",
      async (kinds) => {
        const addresses = await Promise.all(kinds.map(freeAddress));
        await using running = await socketActivate(addresses, app, {
          env: { FRAMEWORK, LISTEN: '{"host":"localhost"}', STOP_AT_ONCE: "1" },
        });
        expect(await running.ended).toBe(0);
        expect(running.stderr).not.toContain("Error");
      },
    );

    test("close() runs onClose only after the request on the second socket has ended", async () => {
      const addresses = await Promise.all((["tcp4", "unix"] as const).map(freeAddress));
      await using running = await socketActivate(addresses, app, { env: { FRAMEWORK } });
      await httpRequest(addresses[0] as string);
      await running.event("up");
      const request = openRequest(addresses[1] as string, "/held");
      request.end();
      await running.event("held");
      running.write("close");
      running.write("answer");
      expect((await readAnswer(request)).body).toBe("done");
      expect(await running.event("closed")).toMatchObject({ addresses: [] });
      expect(running.stdout.indexOf('"request completed"')).toBeGreaterThan(0);
      expect(running.stdout.lastIndexOf('"request completed"')).toBeLessThan(
        running.stdout.indexOf('"onClose"'),
      );
      expect(await running.ended).toBe(0);
    });

    test("without a logger, only failures are written to standard error", async () => {
      const address = await freeAddress("tcp4");
      await using running = await socketActivate([address], [process.execPath, silent], {
        env: { FRAMEWORK },
      });
      expect((await httpRequest(address)).body).toBe("hello");
      running.kill("SIGTERM");
      expect(await running.ended).toBe(1);
      expect(running.stderr).toContain("sockact: Error: from onStop");
      expect(running.stderr).not.toContain("draining");
    });

    test("the plugin may be registered in an encapsulated part of the app", async () => {
      const addresses = await Promise.all((["tcp4", "unix"] as const).map(freeAddress));
      await using running = await socketActivate(addresses, app, { env: { FRAMEWORK, NESTED: "1" } });
      for (const address of addresses) expect((await httpRequest(address)).body).toBe("hello");
      expect((await running.event<{ addresses: unknown[] }>("up")).addresses).toHaveLength(2);
    });
  });
});

describeWith({ privateSystemd: true }, "Fastify in a sandbox without AF_NETLINK", () => {
  let systemd: PrivateSystemd;
  const frameworks = ["fastify4", "fastify"];
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    const script = `${systemd.project}/packages/fastify/test/apps/all.mjs`;
    const units = frameworks.flatMap((framework, index) => [
      [`${framework}.socket`, `[Socket]\nListenStream=0.0.0.0:${80 + index}\n`],
      [
        `${framework}.service`,
        `[Service]\nExecStart=${systemd.node} ${script}\nEnvironment=FRAMEWORK=${framework}\nDynamicUser=yes\nPrivateNetwork=yes\nRestrictAddressFamilies=none\nNonBlocking=true\n`,
      ],
    ]);
    await systemd.installUnits(Object.fromEntries(units) as Record<string, string>);
    await systemd.start(...frameworks.map((framework) => `${framework}.socket`));
  });
  afterAll(() => systemd?.close());

  test.each(frameworks)("%s on 0.0.0.0 starts, and says so", async (framework) => {
    const port = 80 + frameworks.indexOf(framework);
    const service = `${framework}.service`;
    expect(await systemd.request(`http://127.0.0.1:${port}/`)).toMatchObject({ status: 200, body: "hello" });
    expect(JSON.parse(await systemd.waitForJournal(service, /"event":"up"/))).toMatchObject({
      returned: `http://0.0.0.0:${port}`,
      addresses: [{ address: "0.0.0.0", port }],
    });
    expect(await systemd.waitForJournal(service, /Server listening/)).toContain(`http://0.0.0.0:${port}`);
  });
});

/** How many descriptors of the process are listening sockets of this network namespace. */
function listeningSockets({ pid }: AppProcess): number {
  const table = ["tcp", "tcp6", "unix"]
    .map((name) => readFileSync(`/proc/${pid}/net/${name}`, "utf8"))
    .join("");
  return descriptors(pid).filter((inode) =>
    table
      .split("\n")
      .some((row) => row.includes(` ${inode} `) && (/ 0A /.test(row) || / 00010000 /.test(row))),
  ).length;
}

function descriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}

test("app.register(systemdListen()) says what to write instead", async () => {
  const call = systemdListen as unknown as (options?: object) => void;
  for (const options of [undefined, { name: "http" }])
    expect(() => call(options)).toThrow(
      expect.objectContaining({
        code: "SOCKACT_ERR_OPTION",
        message: expect.stringContaining("Write app.register(systemdListen)"),
        hint: expect.stringContaining("systemdListen({ app"),
      }),
    );
});

test("systemdListen({ app }) throws at once", () => {
  expect(() => systemdListen({ app: Fastify(), required: true })).toThrow(
    expect.objectContaining({ code: "SOCKACT_ERR_NOT_ACTIVATED" }),
  );
});

describe.each([
  ["Fastify 4", Fastify4 as unknown as typeof Fastify],
  ["Fastify 5", Fastify],
])("the decorator sockact of %s", (_, fastify) => {
  /** A plugin as fastify-plugin makes it, which needs the decorator. */
  const needsSockact = Object.assign(async () => {}, {
    [Symbol.for("skip-override")]: true,
    [Symbol.for("plugin-meta")]: { name: "needs-sockact", decorators: { fastify: ["sockact"] } },
  });

  test("is the same in each part of the app, wherever the plugin is registered, and how often", async () => {
    const instance = fastify();
    const seen: unknown[] = [];
    instance.register(async (child) => {
      await child.register(systemdListen);
      await child.register(systemdListen);
      seen.push(child.sockact);
    });
    instance.register(async (sibling) => void seen.push(sibling.sockact));
    instance.register(needsSockact);
    await instance.ready();
    expect(instance.sockact).toMatchObject({ activated: false, draining: false });
    expect(seen).toEqual([instance.sockact, instance.sockact]);
    expect(seen[0]).toBe(instance.sockact);
    await instance.close();
  });

  test("is added by systemdListen({ app }) at once, and when the app is ready already", async () => {
    const [early, late] = [fastify(), fastify()];
    systemdListen({ app: early });
    expect(early.sockact.activated).toBe(false);
    expect("sockact" in late).toBe(false);
    await late.ready();
    systemdListen({ app: late });
    expect(late.sockact.activated).toBe(false);
    expect(late.sockact).not.toBe(early.sockact);
    await Promise.all([early.close(), late.close()]);
  });

  test("is missing for a plugin that needs it if nothing is registered", async () => {
    const instance = fastify();
    instance.register(needsSockact);
    await expect(instance.ready()).rejects.toThrow(/sockact/);
  });
});

test.each([Fastify, Fastify4 as unknown as typeof Fastify])(
  "an error of an option goes where errors of plugins go",
  async (fastify) => {
    const [uncaught, caught] = [fastify(), fastify()];
    const error = expect.objectContaining({ code: "SOCKACT_ERR_OPTION" }) as Error;
    uncaught.register(systemdListen, { nam: "web" } as object);
    await expect(uncaught.listen({ port: 0 })).rejects.toEqual(error);
    caught.register(async (child) => {
      await expect(child.register(systemdListen, { nam: "web" } as object)).rejects.toEqual(error);
    });
    await expect(caught.ready()).rejects.toEqual(error);
    await Promise.all([uncaught.close(), caught.close()]);
  },
);

test.each([Fastify, Fastify4] as (typeof Fastify)[])(
  "on a port of its own with `signals`, close() answers a client that pauses between requests",
  async (fastify) => {
    const instance = fastify();
    // Not a signal that ends the tests.
    instance.register(systemdListen, { signals: ["SIGUSR2"] });
    instance.get("/", async () => "hello");
    const { host } = new URL(await instance.listen({ host: "127.0.0.1", port: 0 }));
    const client = openConnection(host);
    expect(await requestOver(client)).toMatchObject({ status: 200 });
    const closed = instance.close();
    // Fastify's own close() would have closed the connection.
    expect(await requestOver(client)).toMatchObject({ status: 200, headers: { connection: "close" } });
    await closed;
  },
);
