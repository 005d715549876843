// `npm run typecheck` compiles this file, and nothing runs it. It shows the types of systemdListen() in each
// major version.
import { createServer } from "node:http";
import express from "express";
import express4 from "express4";
import { systemdListen, type SystemdListenOptions } from "@sockact/express";

const options: SystemdListenOptions = { name: ["http", "https"], required: true };

for (const app of [express(), express4() as unknown as express.Express]) app.use(systemdListen(options));
express().use(systemdListen());
express4().use(systemdListen());

for (const app of [express(), express4()]) systemdListen({ app, ...options });
express().use(systemdListen({ app: express() }));

// @ts-expect-error This option does not exist.
systemdListen({ port: 80 });

// @ts-expect-error A router does not listen.
systemdListen({ app: express.Router() });

// @ts-expect-error This is a server, not an app.
systemdListen({ app: createServer() });

// @ts-expect-error There must be an app.
systemdListen({ app: undefined });
