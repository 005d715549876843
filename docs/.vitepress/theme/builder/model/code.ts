import { showInvisible } from "../../../../../packages/units/src/lib/invisible.ts";
import { foldersOf, isNodeApp, passesSockets } from "./description.ts";
import { listenerOf, listenersOf, socketNames, type Listener } from "./listeners.ts";
import type { BuilderState, Framework } from "./state.ts";
import { variablesOf } from "./words.ts";

/** The app's code. */
export interface Code {
  readonly file: string;
  readonly language: "js" | "ts";
  readonly text: string;
  /** The packages that it needs. */
  readonly packages: readonly string[];
}

type WebFramework = Exclude<Framework, "http" | "unchanged" | "other">;

/** The parts of an app that differ between frameworks. */
interface Pieces {
  /** The imports of the framework: the imported names, and the package. */
  readonly imports: readonly (readonly [names: string, from: string])[];
  readonly adapter: string;
  readonly create: string;
  /** The line that passes the sockets to the app, with options for sockact. */
  readonly use: (options: string) => string;
  readonly route: readonly string[];
  /** The expression for the request handler that a `node:http` server needs. */
  readonly handler: string;
  /** A promise that a `node:http` server must wait for. */
  readonly before?: string;
  /** The call that listens on an address. */
  readonly listen: (place: Place) => string;
}

/** An address to listen on, as arguments of `listen()` and as fields of an object. */
interface Place {
  readonly words: string;
  readonly fields: string;
  readonly tls: boolean;
}

const port3000: Place = { words: "3000", fields: "port: 3000", tls: false };

const pieces: Record<WebFramework, Pieces> = {
  express: {
    imports: [["express", "express"]],
    adapter: "@sockact/express",
    create: "const app = express();",
    use: (options) => `app.use(systemdListen(${options}));`,
    route: ['app.get("/", (req, res) => res.send("hello"));'],
    handler: "app",
    listen: ({ words }) => `app.listen(${words});`,
  },
  koa: {
    imports: [["Koa", "koa"]],
    adapter: "@sockact/koa",
    create: "const app = new Koa();",
    use: (options) => `app.use(systemdListen(${options}));`,
    route: ["app.use((ctx) => {", '  ctx.body = "hello";', "});"],
    handler: "app.callback()",
    listen: ({ words }) => `app.listen(${words});`,
  },
  fastify: {
    imports: [["Fastify", "fastify"]],
    adapter: "@sockact/fastify",
    create: "const app = Fastify({ logger: true });",
    use: (options) => `app.register(systemdListen${options === "" ? "" : `, ${options}`});`,
    route: ['app.get("/", async () => "hello");'],
    handler: "app.routing",
    before: "app.ready()",
    listen: ({ fields }) => `app.listen({ ${fields} });`,
  },
  nestjs: {
    imports: [
      ["{ NestFactory }", "@nestjs/core"],
      ["{ AppModule }", "./app.module"],
    ],
    adapter: "@sockact/express",
    create: "const app = await NestFactory.create(AppModule);",
    use: (options) => `app.use(systemdListen(${options}));`,
    route: [`app.enableShutdownHooks(["SIGTERM", "SIGINT"]);`],
    handler: "app.getHttpAdapter().getInstance()",
    before: "app.init()",
    listen: ({ words }) => `await app.listen(${words});`,
  },
};

/** An app before it is written as an ES module or as CommonJS. */
interface App {
  readonly imports: readonly (readonly [names: string, from: string])[];
  /** Comments after the imports. */
  readonly notes?: readonly string[];
  /** Lines between the imports and the app. */
  readonly settings?: readonly string[];
  readonly body: readonly string[];
  /** A promise that the lines in `after` must wait for. */
  readonly before?: string | undefined;
  readonly after?: readonly string[];
}

const hello = '(req, res) => res.end("hello")';
const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`);

/**
 * The address in the code of an app. Behind a proxy, or with one port, the app reads the address from PORT
 * and HOST, which its unit sets.
 */
function placeOf({ port, host, path, tls }: Listener, readsVariables: boolean): Place {
  const where = JSON.stringify(path ?? host);
  if (path !== undefined) {
    return readsVariables
      ? { words: "process.env.PORT ?? 3000", fields: "path: process.env.PORT", tls }
      : { words: where, fields: `path: ${where}`, tls };
  }
  const words = readsVariables ? "process.env.PORT ?? 3000" : String(port);
  const fields = `port: ${readsVariables ? "Number(process.env.PORT ?? 3000)" : port}`;
  if (host === undefined) return { words, fields, tls };
  const name = readsVariables ? `process.env.HOST ?? ${where}` : where;
  return { words: `${words}, ${name}`, fields: `${fields}, host: ${name}`, tls };
}

/**
 * A `node:http` or `node:https` server for each address. If the app uses sockact, its `listen()` manages
 * these servers.
 */
function servers(
  places: readonly Place[],
  handler: string,
  usesSockact: boolean,
): Pick<App, "imports" | "settings" | "after"> {
  const hasTls = places.some(({ tls }) => tls);
  const hasPlain = places.some(({ tls }) => !tls);
  const secure = hasPlain ? "createSecureServer" : "createServer";
  return {
    imports: [
      ...(hasTls ? [["{ readFileSync }", "node:fs"] as const] : []),
      ...(hasPlain ? [["{ createServer }", "node:http"] as const] : []),
      ...(hasTls
        ? [[hasPlain ? "{ createServer as createSecureServer }" : "{ createServer }", "node:https"] as const]
        : []),
      ...(usesSockact ? [["{ listen }", "@sockact/core"] as const] : []),
    ],
    settings: hasTls
      ? [
          'const [key, cert] = ["key.pem", "cert.pem"].map((file) =>',
          '  readFileSync(`${process.env.CREDENTIALS_DIRECTORY ?? "."}/${file}`),',
          ");",
        ]
      : [],
    after: places.map(({ words, fields, tls }) => {
      const server = tls ? `${secure}({ key, cert }, ${handler})` : `createServer(${handler})`;
      return usesSockact ? `listen(${server}, { ${fields}, signals: true });` : `${server}.listen(${words});`;
    }),
  };
}

/** The options that make sockact use TLS on the sockets with `tls`. */
function tlsOptions({ sockets }: BuilderState): string {
  if (sockets.every(({ tls }) => !tls)) return "";
  if (sockets.every(({ tls }) => tls)) return "tls";
  const names = socketNames(sockets).map((name = "") => {
    // Without brackets, this name would set the prototype of the object.
    if (name === "__proto__") return '["__proto__"]';
    return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
  });
  return `sockets: { ${sockets.map(({ tls }, index) => `${names[index]}: {${tls ? " tls " : ""}}`).join(", ")} }`;
}

/** An app that takes the sockets that systemd passes. */
function appWithSockets(state: BuilderState, framework: WebFramework | "http"): App {
  const options = tlsOptions(state);
  const settings = options === "" ? [] : ['const tls = { key: "key.pem", cert: "cert.pem" };'];
  if (framework === "http") {
    return {
      imports: [
        ["{ createServer }", "node:http"],
        ["{ listen }", "@sockact/core"],
      ],
      settings,
      body: [`const server = createServer(${hello});`],
      after: [`listen(server, { port: 3000${options === "" ? "" : `, ${options}`} });`],
    };
  }
  const { imports, adapter, create, use, route, listen } = pieces[framework];
  return {
    imports: [...imports, ["{ systemdListen }", adapter]],
    settings,
    body: [create, use(options === "" ? "" : `{ ${options} }`), ...route, listen(port3000)],
  };
}

/** An app that listens by itself. */
function appThatListens(places: readonly Place[], framework: Exclude<Framework, "other">): App {
  const handler = places.length === 1 ? hello : "answer";
  if (framework === "http" || framework === "unchanged")
    return {
      body: places.length === 1 ? [] : [`const answer = ${hello};`],
      ...servers(places, handler, framework === "http"),
    };
  const piece = pieces[framework];
  const [place, ...others] = places;
  if (place !== undefined && others.length === 0 && !place.tls) {
    return {
      imports: [...piece.imports, ["{ systemdListen }", piece.adapter]],
      body: [piece.create, piece.use("{ signals: true }"), ...piece.route, piece.listen(place)],
    };
  }
  const { imports, ...rest } = servers(places, piece.handler, true);
  const route = framework === "nestjs" ? [] : piece.route;
  return {
    ...rest,
    imports: [...imports, ...piece.imports],
    body: [piece.create, ...route],
    before: piece.before,
  };
}

/** The addresses that an app opens by itself. */
function placesOf(state: BuilderState): Place[] {
  const { bind, backend, framework } = state;
  const listeners = listenersOf(state);
  if (bind === "proxy") {
    const behind = listenerOf(backend.trim() || "127.0.0.1:3000", listeners[0]?.tls === true);
    return [placeOf(behind, true)];
  }
  if (bind === "capability") return listeners.map((listener) => placeOf(listener, listeners.length === 1));
  // If there is one socket, the preload uses it for any port. If there are several, it chooses by the port.
  return framework === "unchanged" && listeners.length === 1
    ? listeners.map(({ tls }) => ({ ...port3000, tls }))
    : listeners.map((listener) => placeOf(listener, false));
}

/** The order of imports: Node's own, packages, sockact's, files. */
const rankOf = (from: string): number =>
  [/^node:/, /^\w/, /^@(?!sockact)/, /^@/, /^\./].findIndex((kind) => kind.test(from));

function appText(
  { imports, notes = [], settings = [], body, before, after = [] }: App,
  isModule: boolean,
): string {
  const inOrder = imports.toSorted(([, one], [, other]) => rankOf(one) - rankOf(other));
  const importLines = inOrder.map(([names, from]) =>
    isModule
      ? `import ${names} from "${from}";`
      : `const ${names.replace(" as ", ": ")} = require("${from}");`,
  );
  const waits = isModule ? after.map((line) => line.replace(/^listen\(/, "await listen(")) : after;
  const last =
    before === undefined
      ? waits
      : isModule
        ? [`await ${before};`, ...waits]
        : [`${before}.then(() => {`, ...indented(waits), "});"];
  const comments = notes.map((note) => `// ${note}`);
  const blocks = [importLines, [...comments, ...settings, ...body, ...last]];
  return blocks.map((lines) => lines.map((line) => `${line}\n`).join("")).join("\n");
}

/** The main.ts of NestJS. Its code is in the function `bootstrap()`, as in a new NestJS project. */
function nestText({ imports, notes = [], settings = [], ...app }: App): string {
  const body = appText({ ...app, imports: [] }, true)
    .trim()
    .split("\n");
  const main = ["async function bootstrap() {", ...indented(body), "}", "void bootstrap();"];
  return appText({ imports, notes, settings, body: main }, true);
}

const about: Readonly<Record<BuilderState["bind"], readonly [app: string, program: string]>> = {
  socket: [
    "This app takes the sockets that systemd passes. When you start the app yourself, it opens its own port.",
    "The program must take the sockets that systemd passes, as sd_listen_fds(3) describes. If it can't, choose a capability or a proxy.",
  ],
  host: [
    "systemd listens on a unix socket for the proxy, and passes it to this app. The app sees the client's address and scheme as without a proxy. When you start the app yourself, it opens its own port.",
    "The program must take the unix socket that systemd passes, as sd_listen_fds(3) describes, and must believe the headers X-Forwarded-For and X-Forwarded-Proto of the proxy.",
  ],
  capability: [
    "This app opens its ports itself. The units give it the capability to open ports below 1024.",
    "The program must open its ports itself. The units give it the capability to open ports below 1024.",
  ],
  proxy: [
    "This app opens its own port. systemd-socket-proxyd listens in front of it and forwards the connections.",
    "The program must open the port that you have entered as “Where the app listens”. systemd-socket-proxyd listens in front of it and forwards the connections.",
  ],
};

/** A path or a name in one line. JavaScript ends a comment at a line separator too. */
const inLine = (text: string): string =>
  showInvisible(text).replaceAll(/[\p{Control}\p{Line_Separator}\p{Paragraph_Separator}]/gu, " ");

const listOf = (words: readonly string[]): string =>
  [words.slice(0, -1).join(", "), ...words.slice(-1)].filter((part) => part !== "").join(" and ");

/** Where the app may write, and what its environment has. */
function surroundings(state: BuilderState): string[] {
  const variable = (name: string) => (isNodeApp(state) ? `process.env.${name}` : `$${name}`);
  const writable = [
    ...(state.hardening === "outbound"
      ? [`${variable("STATE_DIRECTORY")} (/var/lib/${state.app.trim()})`]
      : []),
    ...foldersOf(state),
  ];
  const file = state.environmentFile.trim();
  const variables = [
    ...variablesOf(state.environment).map(([name]) => name),
    ...(file === "" ? [] : [`the variables in ${file}`]),
  ];
  return [
    ...(writable.length === 0 ? [] : [`The app may write to ${listOf(writable)}.`]),
    ...(variables.length === 0
      ? []
      : [`${isNodeApp(state) ? "process.env" : "The environment"} has ${listOf(variables)}.`]),
  ].map(inLine);
}

/** How the app or the program gets its ports. For a program, also where it may write. */
export const aboutApp = (state: BuilderState): string =>
  isNodeApp(state) ? about[state.bind][0] : [about[state.bind][1], ...surroundings(state)].join(" ");

/**
 * The app's code, for every framework and every way to open ports. Returns `undefined` for a program that
 * does not run on Node.
 */
export function codeOf(state: BuilderState): Code | undefined {
  const { framework, script } = state;
  if (framework === "other") return undefined;
  const app: App = {
    ...(passesSockets(state) && framework !== "unchanged"
      ? appWithSockets(state, framework)
      : appThatListens(placesOf(state), framework)),
    notes: surroundings(state),
  };
  const packages = app.imports
    .map(([, from]) => from)
    .filter((from) => !/^(?:node:|\.|@nestjs)/.test(from))
    .toSorted();
  if (framework === "nestjs") return { file: "src/main.ts", language: "ts", text: nestText(app), packages };
  const file = script.trim().replace(/^.*\//, "") || "server.js";
  const isTyped = /\.[mc]?ts$/.test(file);
  return {
    file,
    language: isTyped ? "ts" : "js",
    text: appText(app, /\.(?:mjs|m?ts)$/.test(file)),
    packages,
  };
}
