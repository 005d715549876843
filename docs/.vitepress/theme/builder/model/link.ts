import { initialState, limits, type BuilderState, type SocketState } from "./state.ts";

/**
 * The name in a link of each field that is a string. Do not change these names, because existing links use
 * them.
 */
const texts = {
  app: "app",
  runtime: "runtime",
  script: "script",
  arguments: "args",
  certificate: "cert",
  privateKey: "key",
  user: "user",
  idle: "idle",
  watchdog: "watchdog",
  backend: "backend",
  hosts: "hosts",
  environment: "env",
  environmentFile: "envfile",
  folder: "folder",
  memory: "memory",
} as const satisfies Partial<Record<keyof BuilderState, string>>;

/** The fields that are a choice, with their possible values. In a link, they have the same names. */
const choices = {
  framework: ["express", "koa", "fastify", "nestjs", "http", "unchanged", "other"],
  hardening: ["none", "outbound", "inbound"],
  bind: ["socket", "host", "capability", "proxy"],
} as const satisfies { [Field in keyof BuilderState]?: readonly BuilderState[Field][] };

/**
 * No link within the limits of the form is longer: it has 115 values, and encoded, a character has up to 9.
 */
const longestLink = 1_100_000;
/** How many unknown parts the page shows. */
const mostIgnored = 10;

type Changes = { -readonly [Field in keyof BuilderState]?: BuilderState[Field] };

/** Writes a value so that `&`, `=` and `,` only separate values. Slashes and colons stay readable. */
const encode = (text: string): string =>
  encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, "\uFFFD")).replaceAll(
    /%(?:2F|3A|40|5B|5D)/g,
    decodeURIComponent,
  );

/** The decoded value, or `undefined` if it is malformed or too long. */
function decode(text: string): string | undefined {
  try {
    const value = decodeURIComponent(text);
    return value.length <= limits.characters ? value : undefined;
  } catch {
    return undefined;
  }
}

const socketText = ({ listen, name, tls, mode = "", owner = "", group = "" }: SocketState): string =>
  [listen, name, tls ? "tls" : "", mode, owner, group].map(encode).join(",").replace(/,+$/, "");

function readSocket(text: string): SocketState | undefined {
  const words = text.split(",");
  const decoded = words.flatMap((word) => decode(word) ?? []);
  const [listen = "", name = "", tls = "", mode = "", owner = "", group = ""] = decoded;
  if (decoded.length < words.length || words.length > 6 || !["tls", ""].includes(tls)) return undefined;
  return {
    listen,
    name,
    tls: tls === "tls",
    ...(mode === "" ? {} : { mode }),
    ...(owner === "" ? {} : { owner }),
    ...(group === "" ? {} : { group }),
  };
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/**
 * Writes a state as the hash of a link: `#app=blog&socket=443,https,tls`. It contains only the fields that
 * differ from the initial state.
 */
export function toHash(state: BuilderState): string {
  const { sockets, systemd } = state;
  const names = { ...texts, framework: "framework", hardening: "hardening", bind: "bind" };
  const parts = (Object.keys(names) as (keyof typeof names)[]).flatMap((field) =>
    same(state[field], initialState[field]) ? [] : [`${names[field]}=${encode(state[field])}`],
  );
  const socketParts =
    sockets.length === 0 ? ["sockets=0"] : sockets.map((socket) => `socket=${socketText(socket)}`);
  const all = [
    ...parts,
    ...(same(sockets.map(socketText), initialState.sockets.map(socketText)) ? [] : socketParts),
    ...(state.handover === initialState.handover ? [] : ["handover=yes"]),
    ...(systemd === initialState.systemd ? [] : [`systemd=${systemd ?? "any"}`]),
  ];
  return all.length === 0 ? "" : `#${all.join("&")}`;
}

/**
 * Reads the hash of a link. Accepts any string, and returns the parts that it ignores: the first ones, and
 * the number of the others.
 */
export function fromHash(hash: string): { state: BuilderState; ignored: readonly string[] } {
  const changes: Changes = {};
  const sockets: SocketState[] = [];
  const take = (part: string): boolean => {
    const [, key = "", text = ""] = /^([^=]*)=(.*)$/s.exec(part) ?? [];
    if (key === "socket") {
      const socket = sockets.length < limits.sockets ? readSocket(text) : undefined;
      if (socket !== undefined) sockets.push(socket);
      return socket !== undefined;
    }
    if (part === "sockets=0") changes.sockets = [];
    if (part === "handover=yes") {
      changes.handover = true;
      return true;
    }
    const value = decode(text);
    if (part === "sockets=0" || value === undefined) return value !== undefined;
    if (key === "systemd") {
      if (!/^(?:any|\d{1,3})$/.test(value)) return false;
      changes.systemd = value === "any" ? undefined : Number(value);
      return true;
    }
    const field = Object.entries(texts).find(([, name]) => name === key)?.[0];
    const isChosen =
      Object.hasOwn(choices, key) && (choices as Record<string, readonly string[]>)[key]!.includes(value);
    if (field !== undefined || isChosen) Object.assign(changes, { [field ?? key]: value });
    return field !== undefined || isChosen;
  };
  const text = hash.replace(/^#/, "");
  if (text.length > longestLink) return { state: initialState, ignored: [text.slice(0, 100)] };
  const ignored = text.split("&").filter((part) => part !== "" && !take(part));
  return {
    state: { ...initialState, ...changes, ...(sockets.length > 0 ? { sockets } : {}) },
    ignored: [
      ...ignored.slice(0, mostIgnored).map((part) => part.slice(0, 100)),
      ...(ignored.length > mostIgnored ? [`and ${ignored.length - mostIgnored} more`] : []),
    ],
  };
}
