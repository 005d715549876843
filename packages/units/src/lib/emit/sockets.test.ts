import { describe, expect, it } from "vitest";
import type { SocketDescription } from "../description/socket.ts";
import { emitUnits } from "./emit.ts";

/** The lines of FreeBind= in the socket of a description. */
function freeBind(socket: SocketDescription): string[] {
  const units = emitUnits({ name: "shop", exec: ["/bin/sh"], sockets: [socket] });
  return units["shop.socket"]!.split("\n").filter((line) => line.startsWith("FreeBind="));
}

describe("a socket of an address that an interface gets only later", () => {
  it.each<SocketDescription>([
    { listen: "10.0.0.5:80" },
    { listen: [80, "10.0.0.5:81"] },
    { listen: "[2001:db8::1]:80" },
    { listen: "[fe80::1]:80%eth0" },
    { listen: "[1::]:80" },
    { listen: "[::10]:80" },
    { listen: "[::ffff:10.0.0.5]:80" },
    { listenDatagram: "192.168.0.1:53" },
    { listen: "10.0.0.5:80", accept: true },
  ])("is bound before there is one: %j", (socket) => {
    expect(freeBind(socket)).toEqual(["FreeBind=true"]);
  });

  it.each<SocketDescription>([
    { listen: 80 },
    { listen: ["0.0.0.0:80", "[::1]:81"] },
    { listen: "[::]:80" },
    { listen: "[0:0:0:0:0:0:0:0]:80" },
    { listen: "127.0.0.1:80" },
    { listen: "127.8.0.1:80" },
    { listen: "[::1]:80" },
    { listen: "[0:0::0001]:80" },
    { listen: "[::ffff:127.0.0.1]:80" },
    { listenDatagram: ["224.0.0.251:5353", "[ff02::fb]:5353", "255.255.255.255:67"] },
    { listen: ["/run/shop.sock", "@shop", "vsock:2:80"] },
    { listen: { specifier: "10.0.0.%H:80" } },
  ])("is not what this is: %j", (socket) => {
    expect(freeBind(socket)).toEqual([]);
  });

  it("sets FreeBind= as the description says", () => {
    expect(freeBind({ listen: "10.0.0.5:80", freeBind: false })).toEqual(["FreeBind=false"]);
    expect(freeBind({ listen: "10.0.0.5:80", freeBind: true })).toEqual(["FreeBind=true"]);
  });

  it("has the reason in a comment", () => {
    const sockets = [{ listen: "10.0.0.5:80" }];
    expect(
      emitUnits({ name: "shop", exec: ["/bin/sh"], sockets }, { comments: true })["shop.socket"],
    ).toContain(
      "# systemd opens sockets before the network is up, when no interface may have the address yet.\nFreeBind=true\n",
    );
  });
});
