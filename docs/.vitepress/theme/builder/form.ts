import { initialState, type BuilderState, type Framework, type SocketState } from "./model/state.ts";

/** The state while it is edited. */
export type Form = { -readonly [Key in keyof Omit<BuilderState, "sockets">]: BuilderState[Key] } & {
  sockets: { -readonly [Key in keyof SocketState]: SocketState[Key] }[];
};

export const frameworks: Readonly<Record<Framework, string>> = {
  express: "Express",
  koa: "Koa",
  fastify: "Fastify",
  nestjs: "NestJS",
  http: "None (node:http)",
  unchanged: "An unmodified Node app",
  other: "A program that does not run on Node",
};

/** The versions of systemd in common distributions that are newer than the oldest one. */
export const systemdVersions: readonly (readonly [version: number, distributions: string])[] = [
  [255, "Ubuntu 24.04"],
  [257, "Debian 13, RHEL 10"],
];

export function copyOf(state: BuilderState): Form {
  return { ...state, sockets: state.sockets.map((socket) => ({ ...socket })) };
}

const scriptOf = (app: string, framework: Framework): string =>
  `/srv/${app}/${framework === "nestjs" ? "dist/main.js" : "server.js"}`;

const runtimeOf = (app: string, framework: Framework): string =>
  framework === "other" ? `/usr/local/bin/${app}` : initialState.runtime;

/** Updates the paths that depend on the name and the framework, unless the reader has changed them. */
export function follow(form: Form, before: Pick<BuilderState, "app" | "framework">): void {
  if (form.script === scriptOf(before.app, before.framework))
    form.script = scriptOf(form.app, form.framework);
  if (form.hosts === `${before.app}.example.com`) form.hosts = `${form.app}.example.com`;
  if (form.runtime === runtimeOf(before.app, before.framework))
    form.runtime = runtimeOf(form.app, form.framework);
}

/** If a socket uses TLS, fills in the paths where Let's Encrypt writes a certificate and its key. */
export function followTls(form: Form): void {
  if (!form.sockets.some(({ tls }) => tls)) return;
  form.certificate ||= "/etc/letsencrypt/live/example.org/fullchain.pem";
  form.privateKey ||= "/etc/letsencrypt/live/example.org/privkey.pem";
}

/**
 * Adds the socket that the reader most likely needs next. If there are several sockets, each needs a name.
 */
export function addSocket(form: Form): void {
  for (const [index, socket] of form.sockets.entries())
    socket.name ||= socket.listen === "80" ? "http" : `socket${index + 1}`;
  const likely: SocketState[] = [
    { listen: "80", name: "http", tls: false },
    { listen: "443", name: "https", tls: form.framework !== "other" },
    { listen: "8080", name: "admin", tls: false },
    { listen: `/run/${form.app}.sock`, name: "local", tls: false },
  ];
  const isFree = (candidate: SocketState): boolean =>
    form.sockets.every(({ listen, name }) => listen !== candidate.listen && name !== candidate.name);
  form.sockets.push(
    likely.find(isFree) ?? { listen: "", name: `socket${form.sockets.length + 1}`, tls: false },
  );
  followTls(form);
}
