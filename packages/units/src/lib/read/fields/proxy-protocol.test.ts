import { describe, expect, it, test } from "vitest";
import { emitUnits, type AppDescription, UnitError } from "../../../index.ts";

const app = { name: "shop", exec: ["/usr/bin/node", "/srv/shop/server.mjs"] };
const from = ["10.0.0.1"];

/** The lines of the service that set the variable. */
function variable(description: Partial<AppDescription> & Pick<AppDescription, "sockets">): string[] {
  const units = emitUnits({ ...app, ...description });
  const [service = ""] = Object.entries(units).flatMap(([name, text]) =>
    /\.(?:service|container)$/.test(name) ? text : [],
  );
  return service.split("\n").filter((line) => line.includes("SOCKACT_PROXY_PROTOCOL"));
}

function problemsOf(socket: object, more: object = {}): string[] {
  try {
    emitUnits({ ...app, ...more, sockets: [socket] });
    return [];
  } catch (error) {
    return (error as UnitError).problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe("proxyProtocol of a socket becomes SOCKACT_PROXY_PROTOCOL of the service", () => {
  test.each<[what: string, description: Parameters<typeof variable>[0], line: string]>([
    [
      "by its name",
      { sockets: [{ name: "web", listen: 8080, proxyProtocol: { from } }] },
      "Environment=SOCKACT_PROXY_PROTOCOL=web:10.0.0.1",
    ],
    [
      "by the name of its unit, if it has no name",
      { sockets: [{ listen: 8080, proxyProtocol: { from: ["::1", "10.0.0.0/8", "unix"] } }] },
      "Environment=SOCKACT_PROXY_PROTOCOL=shop.socket:::1,10.0.0.0/8,unix",
    ],
    [
      "of several sockets",
      {
        sockets: [
          { name: "web", listen: 8080, proxyProtocol: { from } },
          { name: "direct", listen: 8081, proxyProtocol: false },
          { name: "50%", listen: "/run/shop.sock", proxyProtocol: true },
        ],
      },
      'Environment="SOCKACT_PROXY_PROTOCOL=web:10.0.0.1 50%%:*"',
    ],
    [
      "of a connection",
      { inetd: true, sockets: [{ listen: 8080, accept: true, proxyProtocol: { from } }] },
      "Environment=SOCKACT_PROXY_PROTOCOL=connection:10.0.0.1",
    ],
    [
      "in a rolling restart",
      { rolling: true, sockets: [{ listen: 8080, proxyProtocol: { from } }] },
      "Environment=SOCKACT_PROXY_PROTOCOL=shop.socket:10.0.0.1",
    ],
    [
      "in a template",
      { template: true, sockets: [{ name: "web", listen: "/run/%i.sock", proxyProtocol: { from } }] },
      "Environment=SOCKACT_PROXY_PROTOCOL=web:10.0.0.1",
    ],
    [
      "in a container",
      {
        exec: undefined,
        container: { image: "localhost/shop:1" },
        sockets: [{ listen: 8080, proxyProtocol: { from } }],
      },
      "Environment=SOCKACT_PROXY_PROTOCOL=shop.socket:10.0.0.1",
    ],
  ])("%s", (_, description, line) => {
    expect(variable(description)).toEqual([line]);
  });

  it("leaves the service as it is if it is off", () => {
    expect(variable({ sockets: [{ listen: 8080, proxyProtocol: false }] })).toEqual([]);
    expect(variable({ sockets: [{ listen: 8080, proxyProtocol: undefined }] })).toEqual([]);
  });

  test("for everybody is a warning on an open port, which the description can acknowledge", () => {
    const socket = { name: "web", listen: 8080, proxyProtocol: true };
    expect(problemsOf(socket)).toEqual([
      expect.stringMatching(
        /^sockets\[0\]\.proxyProtocol: proxy-protocol-open: .*ListenStream=8080\. Everyone/,
      ),
    ]);
    expect(problemsOf(socket, { acknowledge: ["proxy-protocol-open"] })).toEqual([]);
    for (const listen of ["127.0.0.1:8080", "[::1]:8080", "/run/shop.sock", "@shop"])
      expect(problemsOf({ ...socket, listen })).toEqual([]);
    const raw = { Socket: { IPAddressDeny: "any", IPAddressAllow: "10.0.0.1" } };
    expect(problemsOf({ ...socket, raw })).toEqual([]);
  });

  test.each<[socket: object, more: object, problem: string]>([
    [{ proxyProtocol: "yes" }, {}, 'sockets[0].proxyProtocol: "yes" is neither true nor { from }'],
    [
      { proxyProtocol: { form: from } },
      {},
      "sockets[0].proxyProtocol: an object is neither true nor { from }",
    ],
    [{ proxyProtocol: {} }, {}, "sockets[0].proxyProtocol.from: undefined is not a list of addresses"],
    [
      { proxyProtocol: { from: [] } },
      {},
      "sockets[0].proxyProtocol.from: an array is not a list of addresses",
    ],
    [
      { proxyProtocol: { from: ["10.0.0.1", "lb.example.com"] } },
      {},
      'sockets[0].proxyProtocol.from[1]: "lb.example.com" is not an IP address',
    ],
    [
      { proxyProtocol: { from: ["10.0.0.0/33"] } },
      {},
      'sockets[0].proxyProtocol.from[0]: "10.0.0.0/33" is not an IP address',
    ],
    [
      { proxyProtocol: { from } },
      { bind: "proxy" },
      'sockets[0].proxyProtocol: with bind: "proxy" the connections do not come through a socket of systemd',
    ],
    [
      { proxyProtocol: { from }, listen: undefined, listenDatagram: 8080 },
      {},
      "sockets[0].proxyProtocol: a PROXY header begins a connection, and this socket has no connections",
    ],
    [
      { proxyProtocol: { from }, name: "the web" },
      {},
      "sockets[0].proxyProtocol: SOCKACT_PROXY_PROTOCOL cannot contain a name with a space",
    ],
    [
      { proxyProtocol: { from } },
      { template: true },
      "sockets[0].proxyProtocol: each instance has a socket with another name",
    ],
    [
      { proxyProtocol: { from } },
      { inetd: true },
      "inetd: no socket has accept, so systemd has no connection to pass",
    ],
    [
      { proxyProtocol: { from }, accept: true, name: "web" },
      { inetd: true },
      "sockets[0].proxyProtocol: with accept, the service gets a connection, and only systemd 257 and later pass the name of the socket",
    ],
    [
      {},
      { environment: { SOCKACT_PROXY_PROTOCOL: "web:*" } },
      "environment.SOCKACT_PROXY_PROTOCOL: the fields of the description set SOCKACT_PROXY_PROTOCOL",
    ],
  ])("%j with %j is refused", (socket, more, problem) => {
    expect(problemsOf({ listen: 8080, ...socket }, more)).toContain(problem);
  });
});
