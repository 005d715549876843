import type { AppDescription } from "../../units/src/index.ts";
import type { Build } from "./build-when-changed.ts";
import type { AppRequest } from "../../testing/src/loads.ts";

/** Where an app is installed, and other paths in its unit. */
export interface Place {
  /** The Node binary. */
  node: string;
  /** The folder of the app. */
  folder: string;
  /** The file of `@sockact/register` that Node requires before the app. */
  preload: string;
}

/** What an app answers. */
interface Answers {
  requests: readonly AppRequest[];
  /** A regular expression that the body of each answer matches. */
  answer: string;
}

/** An app from npm, or an app of a framework from npm. */
export interface NpmApp extends Answers {
  title: string;
  /** Its package on npm. */
  package: string;
  /** Its folder, relative to packages/testkit. */
  folder: string;
  /** What it takes its sockets with, in Markdown; the preload by default. */
  by?: string;
  /** Its page in docs/frameworks; a section of docs/apps.md by default. */
  page?: string;
  /** The oldest major version of Node that it supports. */
  node: 20 | 22 | 24;
  /** Files of the repository, which are copied to `dist` in the folder. */
  examples?: readonly string[];
  /** The command that builds it, a program of its packages, and the file that the command creates. */
  build?: Build;
  /** The subfolder to copy to the place where the app runs; the whole folder by default. */
  deployed?: string;
  /** Its first message to a client of another protocol, on another port than 80. */
  greeting?: { port: number; text: string };
  /** Why it is not handed over to a new process: both processes would run at the same time. */
  noHandover?: string;
  /** Its description for @sockact/units. */
  describe(place: Place): AppDescription;
}

const sockets = [{ listen: 80, noDelay: true }] as const;

const ECHO = JSON.stringify({ text: "grüße", list: [1, null] });

/** A page of the app, and a route that echoes its input. */
export function pageAndEcho(echo: string, page: string): Answers {
  const headers = { "content-type": "application/json" };
  return {
    requests: [
      { method: "GET", path: "/" },
      { method: "POST", path: echo, headers, body: ECHO },
    ],
    answer: `${page}|^${ECHO.replaceAll(/[[\]{}]/g, "\\$&")}$`,
  };
}

/** Pages of the app, each with a string in it. */
export function pages(answers: Record<string, string>): Answers {
  return {
    requests: Object.keys(answers).map((path) => ({ method: "GET", path })),
    answer: Object.values(answers).join("|"),
  };
}

const nextBuild = "next/dist/bin/next";
const next = {
  package: "next",
  folder: "apps/next",
  node: 20,
  build: {
    commands: [
      { script: nextBuild, args: ["build"] },
      { script: nextBuild, args: ["build"], env: { STANDALONE: "1" } },
    ],
    makes: ".next-standalone/standalone/server.js",
  },
  ...pageAndEcho("/api/echo", "<p>process (<!-- -->)?\\d+</p>[^]*</html>$"),
} satisfies Partial<NpmApp>;

/** Apps without socket activation, which get their sockets from the preload. */
export const unmodifiedApps: readonly NpmApp[] = [
  {
    title: "Next.js, standalone output",
    ...next,
    deployed: ".next-standalone/standalone",
    describe: ({ node, folder, preload }) => ({
      name: "next",
      exec: [node, `${folder}/server.js`],
      sockets,
      environment: { PORT: "80" },
      preload,
      type: "notify",
      hardening: "inbound",
      successExitStatus: [143],
    }),
  },
  {
    title: "Next.js, next start",
    ...next,
    describe: ({ node, folder, preload }) => ({
      name: "next-start",
      exec: [node, `${folder}/node_modules/next/dist/bin/next`, "start"],
      sockets,
      workingDirectory: folder,
      environment: { PORT: "80" },
      preload,
      type: "notify",
      hardening: "inbound",
      successExitStatus: [143],
    }),
  },
  {
    title: "Vite preview",
    package: "vite",
    folder: "apps/vite",
    node: 20,
    build: { commands: [{ script: "vite/bin/vite.js", args: ["build"] }], makes: "dist/index.html" },
    ...pages({ "/": "<p>It works.</p>" }),
    describe: ({ node, folder, preload }) => ({
      name: "preview",
      exec: [node, `${folder}/node_modules/vite/bin/vite.js`, "preview", "--port", "80"],
      sockets,
      workingDirectory: folder,
      preload,
      type: "notify",
      hardening: "inbound",
      successExitStatus: [143],
    }),
  },
  {
    title: "Nuxt",
    package: "nuxt",
    folder: "apps/nuxt",
    node: 20,
    build: {
      commands: [{ script: "nuxt/bin/nuxt.mjs", args: ["build"] }],
      makes: ".output/server/index.mjs",
    },
    ...pageAndEcho("/echo", "<p>Nuxt works.</p>[^]*</html>$"),
    describe: ({ node, folder, preload }) => ({
      name: "nuxt",
      exec: [node, `${folder}/.output/server/index.mjs`],
      sockets,
      environment: { PORT: "80" },
      preload,
      type: "notify",
      hardening: "inbound",
    }),
  },
  {
    title: "Nitro",
    package: "nitro",
    folder: "apps/nitro",
    node: 20,
    build: {
      commands: [{ script: "nitro/dist/cli/index.mjs", args: ["build"] }],
      makes: ".output/server/index.mjs",
    },
    ...pageAndEcho("/echo", "^<p>Nitro works.</p>$"),
    describe: ({ node, folder, preload }) => ({
      name: "nitro",
      exec: [node, `${folder}/.output/server/index.mjs`],
      sockets,
      environment: { PORT: "80" },
      preload,
      type: "notify",
      hardening: "inbound",
    }),
  },
  {
    title: "Astro, standalone",
    package: "@astrojs/node",
    folder: "apps/astro",
    node: 22,
    build: {
      commands: [{ script: "astro/bin/astro.mjs", args: ["build"], env: { MODE: "standalone" } }],
      makes: "dist/standalone/server/entry.mjs",
    },
    deployed: "dist/standalone",
    ...pageAndEcho("/echo", "<p>Astro works.</p>"),
    describe: ({ node, folder, preload }) => ({
      name: "astro",
      exec: [node, `${folder}/server/entry.mjs`],
      sockets,
      environment: { PORT: "80" },
      preload,
      type: "notify",
      hardening: "inbound",
    }),
  },
  {
    title: "React Router and Remix",
    package: "@react-router/serve",
    folder: "apps/react-router",
    node: 22,
    build: {
      commands: [{ script: "@react-router/dev/bin.cjs", args: ["build"] }],
      makes: "build/server/index.js",
    },
    ...pageAndEcho("/echo", "<p>React Router works.</p>"),
    describe: ({ node, folder, preload }) => ({
      name: "react-router",
      exec: [node, `${folder}/node_modules/@react-router/serve/dist/cli.js`, "build/server/index.js"],
      sockets,
      workingDirectory: folder,
      environment: { PORT: "80" },
      preload,
      type: "notify",
      hardening: "inbound",
    }),
  },
  {
    title: "http-server",
    package: "http-server",
    folder: "apps/http-server",
    node: 20,
    ...pages({ "/": "<p>It works.</p>" }),
    describe: ({ node, folder, preload }) => ({
      name: "http-server",
      exec: [node, `${folder}/node_modules/http-server/bin/http-server`, `${folder}/public`, "--port", "80"],
      sockets,
      preload,
      type: "notify",
      hardening: "inbound",
    }),
  },
  {
    title: "serve",
    package: "serve",
    folder: "apps/serve",
    node: 20,
    ...pages({ "/": "<p>It works.</p>" }),
    describe: ({ node, folder, preload }) => ({
      name: "serve",
      exec: [node, `${folder}/node_modules/serve/build/main.js`, "--listen", "0", `${folder}/public`],
      sockets: [{ name: "http", listen: 80, noDelay: true }],
      environment: { NO_UPDATE_CHECK: "1" },
      preload: { path: preload, map: { 0: "http" } },
      type: "notify",
      hardening: "inbound",
    }),
  },
  {
    title: "json-server",
    package: "json-server",
    folder: "apps/json-server",
    node: 20,
    ...pages({ "/posts/1": '"title": "It works."', "/posts": '"title": "It works."' }),
    noHandover: "Both processes would write their own copy of the data.",
    describe: ({ node, folder, preload }) => ({
      name: "json-server",
      exec: [node, `${folder}/node_modules/json-server/lib/cli/bin.js`, "--port", "80", `${folder}/db.json`],
      sockets,
      preload,
      type: "notify",
      hardening: "inbound",
    }),
  },
  {
    title: "Node-RED",
    package: "node-red",
    folder: "apps/node-red",
    node: 20,
    ...pages({ "/": "<title>Node-RED</title>[^]*</html>", "/settings": '"version":"' }),
    describe: ({ node, folder, preload }) => ({
      name: "node-red",
      exec: [node, `${folder}/node_modules/node-red/red.js`, "--port", "80"],
      sockets,
      preload,
      type: "notify",
    }),
  },
  {
    title: "Verdaccio",
    package: "verdaccio",
    // The release check already tests this app.
    folder: "registry",
    node: 22,
    ...pages({ "/": "<title>Verdaccio</title>[^]*</html>", "/-/ping": "^\\{\\}\\s*$" }),
    describe: ({ node, folder, preload }) => ({
      name: "verdaccio",
      exec: [node, `${folder}/node_modules/verdaccio/bin/verdaccio`, "--listen", "80"],
      sockets,
      // By default, the app looks for its configuration in its working directory, and can't create it there.
      environment: { XDG_CONFIG_HOME: "/var/lib/verdaccio" },
      preload,
      type: "notify",
    }),
  },
  {
    title: "DbGate",
    package: "dbgate-serve",
    folder: "apps/dbgate",
    node: 20,
    ...pages({ "/": "<title>DbGate</title>[^]*</html>" }),
    describe: ({ node, folder, preload }) => ({
      name: "dbgate",
      exec: [node, `${folder}/node_modules/dbgate-serve/bin/dbgate-serve.js`],
      sockets,
      workingDirectory: folder,
      environment: { PORT: "80" },
      preload,
      type: "notify",
    }),
  },
  {
    title: "MailDev",
    package: "maildev",
    folder: "apps/maildev",
    node: 20,
    requests: [
      { method: "GET", path: "/", headers: { accept: "text/html" } },
      { method: "GET", path: "/api/email" },
    ],
    answer: "<title>MailDev</title>[^]*</html>|^\\[\\]$",
    greeting: { port: 25, text: "220 " },
    describe: ({ node, folder, preload }) => ({
      name: "maildev",
      exec: [node, `${folder}/node_modules/maildev/dist/bin/maildev.js`],
      sockets: [
        { name: "web", listen: 80, noDelay: true },
        { name: "smtp", listen: 25 },
      ],
      preload: { path: preload, map: { 1080: "web", 1025: "smtp" } },
      type: "notify",
      hardening: "inbound",
    }),
  },
];
