// The section of docs/hardening.md about an app with a database. Each service here makes real connections.
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emitUnits, type AppDescription } from "../src/index.ts";

type Settings = Pick<AppDescription, "hardening" | "user">;

/** What the page tells to write. */
const overTcp: Settings = {
  // #region tcp
  hardening: {
    profile: "inbound",
    restrictAddressFamilies: ["AF_INET", "AF_INET6"],
    privateNetwork: false,
    ipAddressAllow: ["localhost"], // or the database's address, such as 10.0.0.5
  },
  // #endregion tcp
};
const overUnixSocket: Settings = {
  // #region unix
  hardening: {
    profile: "inbound",
    restrictAddressFamilies: ["AF_UNIX"],
  },
  // #endregion unix
};
const socketInTmp: Settings = {
  // #region tmp
  user: "shop",
  hardening: { profile: "outbound", privateTmp: false },
  // #endregion tmp
};

/** Connects to the address in the query, and answers with the result. */
const app = `
const { createConnection } = require("node:net");
require("node:http").createServer(({ url }, response) => {
  const to = decodeURIComponent(url.slice(2));
  const [, host, port] = /^(.*):(\\d+)$/.exec(to) ?? [];
  const connection = createConnection(host ? { host, port } : { path: to });
  connection.setTimeout(1500, () => response.end("hangs"));
  connection.on("connect", () => response.end("connects")).on("error", ({ code }) => response.end(code));
}).listen({ fd: 3 });`;

/** A database, as far as a connection is concerned. */
const database = `
const { createServer } = require("node:net");
const { mkdirSync, chmodSync } = require("node:fs");
mkdirSync("/run/postgresql", { recursive: true });
const listen = (...at) => createServer((socket) => socket.end()).listen(...at, () => {
  if (at.length === 1) chmodSync(at[0], 0o777);
  console.log("listens");
});
listen(5432, "127.0.0.1");
listen("/run/postgresql/.s.PGSQL.5432");
listen("/tmp/database.sock");`;

describeWith({ privateSystemd: true }, "an app that connects to a database", () => {
  const tcp = "127.0.0.1:5432";
  const unix = "/run/postgresql/.s.PGSQL.5432";
  const inTmp = "/tmp/database.sock";
  let systemd: PrivateSystemd;
  let services = 0;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await systemd.run(["useradd", "--system", "shop"]);
    const server = systemd.spawn([systemd.node, "--eval", database]);
    let started = "";
    server.stdout?.setEncoding("utf8").on("data", (text: string) => (started += text));
    await systemd.waitUntil(async () => started.split("\n").length > 3, "the database listens");
  });
  afterAll(() => systemd?.close());

  /** The outcome of a connection to each address, made by a service with these settings. */
  async function outcomes(settings: Settings, addresses: string[]): Promise<string[]> {
    const name = `app${++services}`;
    const port = 8000 + services;
    await systemd.installUnits(
      emitUnits({ name, exec: [systemd.node, "--eval", app], sockets: [{ listen: port }], ...settings }),
    );
    await systemd.start(`${name}.socket`);
    const answers = addresses.map((to) =>
      systemd.request(`http://127.0.0.1:${port}/?${encodeURIComponent(to)}`),
    );
    return (await Promise.all(answers)).map(({ body }) => body);
  }

  test("under outbound, connects over TCP and over a unix socket, except one in /tmp", async () => {
    expect(await outcomes({}, [tcp, unix, inTmp])).toEqual(["connects", "connects", "ENOENT"]);
  });

  test("under inbound, connects to nothing", async () => {
    expect(await outcomes({ hardening: "inbound" }, [tcp, unix])).toEqual(["EAFNOSUPPORT", "EAFNOSUPPORT"]);
  });

  test("under inbound with the three settings of the page, connects over TCP", async () => {
    expect(await outcomes(overTcp, [tcp, "localhost:5432"])).toEqual(["connects", "connects"]);
  });

  describe("under inbound with only a part of the three settings", () => {
    const { restrictAddressFamilies, privateNetwork, ipAddressAllow } = overTcp.hardening as Exclude<
      AppDescription["hardening"],
      string | undefined
    >;

    test("connections hang while the network is private, or the address is denied", async () => {
      const profile = "inbound";
      expect(
        await outcomes({ hardening: { profile, restrictAddressFamilies, privateNetwork } }, [tcp]),
      ).toEqual(["hangs"]);
      expect(await outcomes({ hardening: { profile, restrictAddressFamilies } }, [tcp])).toEqual(["hangs"]);
      expect(
        await outcomes({ hardening: { profile, restrictAddressFamilies, ipAddressAllow } }, [tcp]),
      ).toEqual(["ECONNREFUSED"]);
      expect(await outcomes({ hardening: { profile, privateNetwork, ipAddressAllow } }, [tcp])).toEqual([
        "EAFNOSUPPORT",
      ]);
    });
  });

  test("under inbound with AF_UNIX, connects over a unix socket", async () => {
    expect(await outcomes(overUnixSocket, [unix, tcp])).toEqual(["connects", "EAFNOSUPPORT"]);
  });

  test("with a user and without PrivateTmp=, connects to a socket in /tmp", async () => {
    expect(await outcomes(socketInTmp, [inTmp])).toEqual(["connects"]);
  });
});
