/** How the app gets its sockets: with an adapter of sockact, with the preload, or without Node. */
export type Framework = "express" | "koa" | "fastify" | "nestjs" | "http" | "unchanged" | "other";

/** One socket of the form. */
export interface SocketState {
  /** A port, an address or a path: `80`, `127.0.0.1:3000`, `/run/shop.sock`. */
  readonly listen: string;
  /** Its name, which the app uses to tell several sockets apart. */
  readonly name: string;
  /** Whether the app speaks TLS on it. */
  readonly tls: boolean;
}

/** What the form holds, as typed. */
export interface BuilderState {
  readonly app: string;
  readonly framework: Framework;
  /** The absolute path of Node, or of the program if the framework is `other`. */
  readonly runtime: string;
  /** The absolute path of the app's file. Not used with `other`. */
  readonly script: string;
  /** As typed in a shell: words, with quotes around those that contain spaces. */
  readonly arguments: string;
  readonly sockets: readonly SocketState[];
  /** The absolute paths of the certificate and its key. They are used if a socket has `tls`. */
  readonly certificate: string;
  readonly privateKey: string;
  /** An existing user. Empty: one that exists only while the service runs. */
  readonly user: string;
  readonly hardening: "none" | "outbound" | "inbound";
  /** Durations such as `5min`. Empty: off. */
  readonly idle: string;
  readonly watchdog: string;
  /** How the app gets its ports. */
  readonly bind: "socket" | "capability" | "proxy";
  /** Where the app listens behind a proxy. Empty: `127.0.0.1:3000`. */
  readonly backend: string;
  /** The version of systemd. Without one, the units fit every version since 249. */
  readonly systemd: number | undefined;
}

/** What the form holds at first. */
export const initialState: BuilderState = {
  app: "shop",
  framework: "express",
  runtime: "/usr/bin/node",
  script: "/srv/shop/server.js",
  arguments: "",
  sockets: [{ listen: "80", name: "", tls: false }],
  certificate: "/etc/letsencrypt/live/example.org/fullchain.pem",
  privateKey: "/etc/letsencrypt/live/example.org/privkey.pem",
  user: "",
  hardening: "outbound",
  idle: "",
  watchdog: "",
  bind: "socket",
  backend: "",
  systemd: undefined,
};
