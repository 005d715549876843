import { describe, expect, it } from "vitest";
import { emitUnits } from "../../emit/emit.ts";
import { sandboxDirectives } from "../sandbox/directives.ts";
import { UnitError } from "../../problems.ts";
import { serviceDirectives } from "./service-directives.ts";

const app = { name: "shop", exec: ["/usr/bin/node", "/srv/app/server.js"], sockets: [{ listen: 80 }] };

/** The hints of a description, by path. */
function hintsOf(description: object): Record<string, string> {
  try {
    emitUnits(description as typeof app);
    return {};
  } catch (error) {
    if (error instanceof UnitError)
      return Object.fromEntries(error.problems.map(({ path, hint }) => [path, hint]));
    throw error;
  }
}

describe("an unknown field is answered with the field to write", () => {
  it.each<[string, string]>([
    ["execStart", "write exec"],
    ["command", "write exec: ['/usr/bin/node', '/srv/shop/server.js']"],
    ["script", "write exec: ['/usr/bin/node', '/srv/shop/server.js']"],
    ["args", "write exec: ['/usr/bin/node', '/srv/shop/server.js']"],
    ["env", "write environment: { NODE_ENV: 'production' }"],
    ["cwd", "write workingDirectory: '/srv/shop'"],
    ["port", "write sockets: [{ listen: 80 }]"],
    ["ports", "write sockets: [{ listen: 80 }]"],
    ["listenStream", "write sockets: [{ listen: 80 }]"],
    ["groups", "write supplementaryGroups: ['shop']"],
    ["umask", "write hardening: { umask: … }"],
    ["UMask", "write hardening: { umask: … }"],
    ["protectHome", "write hardening: { protectHome: … }"],
    ["protectHom", "write hardening: { protectHome: … }"],
    ["Environment", "write environment"],
    ["idle", "write idleTimeout"],
    ["noDelay", "write noDelay in sockets[0]"],
    ["backlog", "write backlog in sockets[0]"],
    ["SocketMode", "write socketMode in sockets[0]"],
    ["comments", "write it in the second argument of emitUnits: emitUnits(description, { comments: true })"],
  ])("of a service: %s", (field, hint) => {
    expect(hintsOf({ ...app, [field]: 1 })).toEqual({ [field]: hint });
  });

  it("of health: an address", () => {
    expect(hintsOf({ ...app, health: { listen: 8081 } })).toEqual({
      health: expect.stringMatching(/goes into healthSocket$/) as string,
    });
  });

  it("and keeps the profile that the description has", () => {
    expect(hintsOf({ ...app, hardening: "inbound", umask: "0027" })).toEqual({
      umask: "write hardening: { profile: 'inbound', umask: … }",
    });
    const hardening = { profile: "inbound", umask: "0027" };
    expect(hintsOf({ ...app, hardening })).toEqual({});
    expect(hintsOf({ ...app, hardening, protectHome: true })).toEqual({
      protectHome: "write protectHome in hardening",
    });
  });

  it.each<[string, string]>([
    ["port", "write listen: 80"],
    ["ports", "write listen: [80, '[::1]:8080']"],
    ["address", "write listen: '127.0.0.1:80'"],
    ["host", "write listen: '127.0.0.1:80'"],
    ["addresses", "write listen: [80, '[::1]:8080']"],
    ["path", "write listen: '/run/shop.sock'"],
    ["fd", "write listen: 80; systemd opens the socket and passes it to the program"],
    ["listenStream", "write listen"],
    [
      "group",
      "write socketGroup: 'shop' for the group of a unix socket; write the group of the service beside sockets",
    ],
    [
      "user",
      "write socketUser: 'shop' for the owner of a unix socket; write the user of the service beside sockets",
    ],
    ["environment", "write environment beside sockets: it belongs to the service"],
    ["memoryMax", "write memoryMax beside sockets: it belongs to the service"],
    [
      "tls",
      "leave it out: the program uses TLS itself; pass the key and the certificate with credentials: { 'key.pem': '/etc/shop/key.pem', 'cert.pem': '/etc/shop/cert.pem' }",
    ],
    ["mode", "write socketMode: '0660'"],
    ["FileDescriptorName", "write name"],
  ])("of a socket: %s", (field, hint) => {
    expect(hintsOf({ ...app, sockets: [{ listen: 80, [field]: 1 }] })).toEqual({
      [`sockets[0].${field}`]: hint,
    });
  });

  it.each<[string, string]>([
    ["memoryMax", "write memoryMax beside hardening"],
    ["MemoryMax", "write memoryMax beside hardening"],
    ["readWritePaths", "write readWritePaths beside hardening"],
    ["jitless", "write jitless beside hardening"],
    ["umsk", "write umask"],
  ])("of the sandbox: %s", (field, hint) => {
    expect(hintsOf({ ...app, hardening: { [field]: "1G" } })).toEqual({ [`hardening.${field}`]: hint });
  });

  it("no hint on a field of the sandbox leads back to where it was", () => {
    for (const [field, { key }] of Object.entries(sandboxDirectives)) {
      const hint = `write hardening: { ${field}: … }`;
      expect(hintsOf({ ...app, [field]: 1 })).toEqual({ [field]: hint });
      const raw = { Service: { [key]: "1" } };
      expect(hintsOf({ ...app, raw })).toEqual({ [`raw.Service.${key}`]: hint });
    }
  });

  it("nor does one on a field of the service in the sandbox", () => {
    for (const field of Object.keys(serviceDirectives)) {
      const path = `hardening.${field}`;
      expect(hintsOf({ ...app, hardening: { [field]: 1 } })).toEqual({
        [path]: `write ${field} beside hardening`,
      });
    }
  });

  it("each value that such a hint has is taken", () => {
    for (const listen of [80, [80, "[::1]:8080"], "127.0.0.1:80", "/run/shop.sock"])
      expect(hintsOf({ ...app, sockets: [{ listen }] })).toEqual({});
    const sockets = [{ listen: "/run/a", socketGroup: "shop", socketUser: "shop", socketMode: "0660" }];
    expect(hintsOf({ ...app, sockets, memoryMax: "1G", supplementaryGroups: ["shop"] })).toEqual({});
    expect(
      hintsOf({
        ...app,
        exec: ["/usr/bin/node", "/srv/shop/server.js"],
        environment: { NODE_ENV: "production" },
        workingDirectory: "/srv/shop",
        hardening: { umask: "0027" },
      }),
    ).toEqual({});
  });
});
