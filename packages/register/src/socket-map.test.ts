import { expect, test } from "vitest";
import { mappedNames, parseSocketMap } from "./socket-map.ts";

test("SOCKACT_MAP has ports, hosts with ports, paths and abstract names", () => {
  const text =
    " 3000=http, 127.0.0.1:3001=admin,[::1]:3001=admin,localhost:3002=dev,/run/a=b.sock=local,@name=abstract,0=any";
  expect(parseSocketMap(text)).toEqual([
    { key: "3000", target: { port: 3000, host: undefined }, name: "http" },
    { key: "127.0.0.1:3001", target: { port: 3001, host: "127.0.0.1" }, name: "admin" },
    { key: "[::1]:3001", target: { port: 3001, host: "::1" }, name: "admin" },
    { key: "localhost:3002", target: { port: 3002, host: "localhost" }, name: "dev" },
    { key: "/run/a=b.sock", target: { path: "/run/a=b.sock" }, name: "local" },
    { key: "@name", target: { path: "@name" }, name: "abstract" },
    { key: "0", target: { port: 0, host: undefined }, name: "any" },
  ]);
});

test.each([undefined, "", "  "])("SOCKACT_MAP=%j has no entries", (text) => {
  expect(parseSocketMap(text)).toEqual([]);
});

test.each([
  "3000",
  "=http",
  "3000=",
  "3000=http,",
  "65536=http",
  "app.sock=http",
  "-1=http",
  "1e3=http",
  "::1:80=http",
  "*:3000=web",
  "[zz]:3000=web",
])("SOCKACT_MAP=%s is refused", (text) => {
  expect(() => parseSocketMap(text)).toThrow(
    expect.objectContaining({
      code: "SOCKACT_ERR_OPTION",
      message: expect.stringContaining(JSON.stringify(text)),
    }),
  );
});

test.each([
  [{ port: 80, host: undefined }, ["any host"]],
  [{ port: 80, host: "192.0.2.1" }, ["any host"]],
  [{ port: 80, host: "127.0.0.1" }, ["one host"]],
  [{ port: 80, host: "0:0::1" }, ["IPv6"]],
  [{ port: 81, host: undefined }, ["one", "two"]],
  [{ port: 82, host: undefined }, []],
  [{ path: "/run/app.sock" }, ["path"]],
  [{ path: "/run/other.sock" }, []],
])("the names for %j are %j", (target, names) => {
  const map = parseSocketMap(
    "80=any host,127.0.0.1:80=one host,[::1]:80=IPv6,81=one,81=two,/run/app.sock=path",
  );
  expect(mappedNames(map, target)).toEqual(names);
});
