/**
 * The framework. It decides how the app gets its sockets: `unchanged` uses the preload, `other` does not use
 * Node, and the others use sockact.
 */
export type Framework = "express" | "koa" | "fastify" | "nestjs" | "http" | "unchanged" | "other";

/** One socket of the form. */
export interface SocketState {
  /** A port, an address or a path: `80`, `127.0.0.1:3000`, `/run/shop.sock`. */
  readonly listen: string;
  /** The name of the socket. An app with several sockets distinguishes them by their names. */
  readonly name: string;
  /** Whether the app uses TLS on this socket. */
  readonly tls: boolean;
  /** The file mode, the owner and the group of a unix socket. They are used if the address is a path. */
  readonly mode?: string;
  readonly owner?: string;
  readonly group?: string;
}

/** The values in the form, as typed. */
export interface BuilderState {
  readonly app: string;
  readonly framework: Framework;
  /** The absolute path of Node, or of the program if the framework is `other`. */
  readonly runtime: string;
  /** The absolute path of the app's file. Not used with `other`. */
  readonly script: string;
  /** Arguments as in a shell: separated by spaces, with quotes around arguments that contain spaces. */
  readonly arguments: string;
  readonly sockets: readonly SocketState[];
  /** The absolute paths of the certificate and its key. They are used if a socket has `tls`. */
  readonly certificate: string;
  readonly privateKey: string;
  /** An existing user. If empty, the user exists only while the service runs. */
  readonly user: string;
  readonly hardening: "none" | "outbound" | "inbound";
  /** Variables of the app: one `NAME=value` in each line. */
  readonly environment: string;
  /** The absolute path of a file of such lines. */
  readonly environmentFile: string;
  /** The absolute paths of folders that the app may write to in the sandbox: one in each line. */
  readonly folder: string;
  /** Durations such as `5min`. If empty, the feature is off. */
  readonly idle: string;
  readonly watchdog: string;
  /** An amount of memory such as `512M`. If empty, the memory is not limited. */
  readonly memory: string;
  /** Whether `systemctl reload` hands over to a new version. It is used if the app can do so. */
  readonly handover: boolean;
  /** How the app gets its ports. With `host`, Caddy or nginx has the ports, and `sockets` is not used. */
  readonly bind: "socket" | "host" | "capability" | "proxy";
  /** The host names, separated by spaces, commas or lines. They are used if `bind` is `host`. */
  readonly hosts: string;
  /** The address on which the app listens behind a proxy. If empty, it is `127.0.0.1:3000`. */
  readonly backend: string;
  /** The oldest systemd that the units are for. If `undefined`, it is the oldest that sockact supports. */
  readonly systemd: number | undefined;
}

/** The oldest systemd that sockact supports: see docs/start.md. */
export const oldestSystemd = 252;

/** The most that the form accepts. A link restores everything within these limits. */
export const limits = {
  sockets: 20,
  /** The addresses of one socket. */
  addresses: 20,
  /** The characters of one field. */
  characters: 1000,
} as const;

/** The values in the form when the page opens. */
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
  environment: "",
  environmentFile: "",
  folder: "",
  idle: "",
  watchdog: "",
  memory: "",
  handover: false,
  bind: "socket",
  hosts: "shop.example.com",
  backend: "",
  // Ubuntu 24.04, Debian 13 and RHEL 10 have this version or a later one.
  systemd: 255,
};
