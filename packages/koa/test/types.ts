// `npm run typecheck` compiles this file, and nothing runs it. It shows the types of systemdListen() in each
// major version.
import { createServer } from "node:http";
import Koa from "koa";
import Koa2 from "koa2";
import { systemdListen, type SystemdListenOptions } from "@sockact/koa";

const options: SystemdListenOptions = { name: "http", required: true };

new Koa().use(systemdListen(options));
new Koa2().use(systemdListen());

for (const app of [new Koa(), new Koa2()]) systemdListen({ app, ...options });
new Koa().use(systemdListen({ app: new Koa() }));

// @ts-expect-error This option does not exist.
systemdListen({ port: 80 });

// @ts-expect-error This is a server, not an app.
systemdListen({ app: createServer() });

// @ts-expect-error There must be an app.
systemdListen({ app: undefined });
