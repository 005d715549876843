import * as fc from "fast-check";
import { initialState, type BuilderState } from "../../.vitepress/theme/builder/model/state.ts";

export const frameworks = ["express", "koa", "fastify", "nestjs", "http", "unchanged", "other"] as const;
export const binds = ["socket", "host", "capability", "proxy"] as const;
export const profiles = ["none", "outbound", "inbound"] as const;

const plain = { listen: "80", name: "", tls: false };
const secure = { listen: "443", name: "", tls: true };

/** With the framework `other`, replaces Node by another program. */
export const withProgram = (state: BuilderState): BuilderState =>
  state.framework === "other" ? { ...state, runtime: "/usr/bin/env", arguments: "true" } : state;

/** States that a reader can reach with valid values. */
export const choices: fc.Arbitrary<BuilderState> = fc
  .record({
    app: fc.constantFrom("shop", "my-app"),
    framework: fc.constantFrom(...frameworks),
    runtime: fc.constantFrom("/usr/bin/node", "/opt/node/bin/node"),
    script: fc.constantFrom("/srv/shop/server.js", "/srv/shop/server.mjs", "/srv/shop/dist/main.js"),
    arguments: fc.constantFrom("", "--title 'a b'"),
    sockets: fc.constantFrom(
      [plain],
      [secure],
      [plain, secure],
      [{ ...plain, listen: "localhost:3000" }],
      [plain, { listen: "127.0.0.1:8080", name: "admin", tls: false }],
      [{ ...plain, listen: "/run/shop.sock" }],
      [{ ...plain, listen: "/run/shop.sock", mode: "0660", owner: "root", group: "daemon" }],
    ),
    certificate: fc.constant(initialState.certificate),
    privateKey: fc.constant(initialState.privateKey),
    user: fc.constantFrom("", "www-data"),
    hardening: fc.constantFrom(...profiles),
    environment: fc.constantFrom("", "LOG_LEVEL=debug\n\nTITLE=a \"b\" 'c' $d %e \\ =\n__proto__="),
    environmentFile: fc.constantFrom("", "/etc/shop.env"),
    folder: fc.constantFrom("", "/srv/shop/my uploads"),
    idle: fc.constantFrom("", "5min"),
    watchdog: fc.constantFrom("", "30s"),
    memory: fc.constantFrom("", "512M", "50%"),
    handover: fc.boolean(),
    bind: fc.constantFrom(...binds),
    hosts: fc.constantFrom("shop.example.com", "Shop.example.com, bücher.example"),
    backend: fc.constantFrom("", "/run/shop/app.sock", "[::1]:4000"),
    systemd: fc.constantFrom(undefined, 249, 252, 255, 257),
  })
  .map(withProgram);

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("/", "a'b", "80,", "%", "\0", "/x\n[Service]"),
);

/** States with arbitrary strings in their fields. */
export const anyState: fc.Arbitrary<BuilderState> = fc
  .record({
    app: text,
    runtime: text,
    script: text,
    arguments: text,
    certificate: text,
    privateKey: text,
    user: text,
    environment: fc.oneof(
      text,
      text.map((value) => `NAME=${value}`),
    ),
    environmentFile: text,
    folder: text,
    idle: text,
    watchdog: text,
    memory: text,
    backend: text,
    hosts: text,
    sockets: fc.array(fc.record({ listen: text, name: text, tls: fc.boolean() }), { maxLength: 4 }),
    systemd: fc.option(fc.nat(999), { nil: undefined }),
  })
  .chain((texts) =>
    choices.chain((chosen) =>
      // One or more arbitrary values among valid ones.
      fc.subarray(Object.keys(texts) as (keyof typeof texts)[], { minLength: 1 }).map((fields) => ({
        ...chosen,
        ...Object.fromEntries(fields.map((field) => [field, texts[field]])),
      })),
    ),
  );
