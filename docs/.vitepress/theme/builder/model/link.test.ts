import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyState } from "../../../../test/lib/builder-states.ts";
import { fromHash, toHash } from "./link.ts";
import { oversized } from "./problems.ts";
import { initialState, limits } from "./state.ts";

describe("a link", () => {
  it("contains only the fields that differ from the initial state", () => {
    expect(toHash(initialState)).toBe("");
    const sockets = [
      { listen: "80", name: "", tls: false },
      { listen: "[::1]:443", name: "https", tls: true },
      { listen: "8443", name: "", tls: true },
    ];
    const state = {
      ...initialState,
      app: "blog",
      script: "/srv/blog/app.js",
      sockets,
      systemd: 252,
    } as const;
    expect(toHash(state)).toBe(
      "#app=blog&script=/srv/blog/app.js&socket=80&socket=[::1]:443,https,tls&socket=8443,,tls&systemd=252",
    );
  });

  it("restores any state", () => {
    fc.assert(
      fc.property(anyState, (state) => {
        expect(fromHash(toHash(state))).toEqual({ state, ignored: [] });
      }),
    );
  });

  it("from an earlier version of the page keeps its meaning", () => {
    const hash =
      "#app=a&runtime=/n&script=/s&args=-v&cert=/c&key=/k&user=u&idle=5min&watchdog=30s&backend=/run/a/b&framework=koa&hardening=none&bind=proxy&handover=yes&env=A=b%0AC=%26&envfile=/e&folder=/f&memory=1G&socket=81,web&systemd=255";
    expect(fromHash(hash)).toEqual({
      state: {
        app: "a",
        runtime: "/n",
        script: "/s",
        arguments: "-v",
        certificate: "/c",
        privateKey: "/k",
        user: "u",
        environment: "A=b\nC=&",
        environmentFile: "/e",
        folder: "/f",
        memory: "1G",
        idle: "5min",
        watchdog: "30s",
        handover: true,
        backend: "/run/a/b",
        framework: "koa",
        hardening: "none",
        bind: "proxy",
        hosts: "shop.example.com",
        sockets: [{ listen: "81", name: "web", tls: false }],
        systemd: 255,
      },
      ignored: [],
    });
  });

  it("restores the mode, the owner and the group of a unix socket", () => {
    const sockets = [{ listen: "/run/shop.sock", name: "", tls: false, mode: "0660", group: "web" }];
    const hash = toHash({ ...initialState, sockets });
    expect(hash).toBe("#socket=/run/shop.sock,,,0660,,web");
    expect(fromHash(hash).state.sockets).toEqual(sockets);
  });

  it("with unknown parts reports these parts, and the rest is restored", () => {
    const parts = [
      "framework=rails",
      "app=%E0",
      "colour=red",
      "socket=80,a,tls,0660,me,web,more",
      "socket=1,,yes",
      "systemd=new",
      "__proto__=x",
      "toString",
    ];
    const { state, ignored } = fromHash(`#user=me&${parts.join("&")}`);
    expect(state).toEqual({ ...initialState, user: "me" });
    expect(ignored).toEqual(parts);
  });

  it("with too many or too long values is truncated", () => {
    const { state, ignored } = fromHash(`#${"socket=80&".repeat(25)}app=${"a".repeat(5000)}`);
    expect(state.sockets).toHaveLength(20);
    expect(state.app).toBe("shop");
    expect(ignored).toHaveLength(6);
    expect(fromHash(`#app=${"a".repeat(1_000_000)}`).state).toEqual(initialState);
  });

  it("restores the largest values that the form accepts", () => {
    const long = "€".repeat(limits.characters);
    const texts = ["app", "runtime", "script", "arguments", "certificate", "privateKey"];
    const more = [
      "user",
      "idle",
      "watchdog",
      "backend",
      "environment",
      "environmentFile",
      "folder",
      "memory",
    ];
    const state = {
      ...initialState,
      ...Object.fromEntries([...texts, ...more].map((field) => [field, long])),
      sockets: Array.from({ length: limits.sockets }, () => ({
        listen: long,
        name: long,
        tls: true,
        mode: long,
        owner: long,
        group: long,
      })),
    };
    expect(oversized(state)).toEqual([]);
    expect(fromHash(toHash(state))).toEqual({ state, ignored: [] });
  });

  it("with many unknown parts reports the first of them, and how many follow", () => {
    const { ignored } = fromHash(`#${"colour=red&".repeat(3000)}`);
    expect(ignored).toEqual([...Array<string>(10).fill("colour=red"), "and 2990 more"]);
  });

  it("may be any string", () => {
    const part = fc.oneof(
      fc.string(),
      fc.constantFrom("socket=", "sockets=0", "systemd=any", "app=%", "&&", "=", "bind=constructor"),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const { state } = fromHash(`#${parts.join("&")}`);
        expect(fromHash(toHash(state)).state).toEqual(state);
      }),
    );
  });
});
