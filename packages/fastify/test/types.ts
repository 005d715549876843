// `npm run typecheck` compiles this file, and nothing runs it. It shows the types of systemdListen in each
// major version.
import { createServer } from "node:http";
import fastify from "fastify";
import fastify4 from "fastify4";
import systemdListenByDefault, {
  type Sockact,
  systemdListen,
  type SystemdListenOptions,
} from "@sockact/fastify";

const options: SystemdListenOptions = { name: ["http"], required: false };

void fastify().register(systemdListen, options);
void fastify({ https: {} }).register(systemdListen);
// A user of Fastify 4 has its types where those of Fastify 5 are here.
void fastify4().register(systemdListenByDefault as never);

for (const app of [fastify(), fastify({ https: {} }), fastify({ http2: true }), fastify4()])
  systemdListen({ app, ...options });

const { sockact }: { sockact: Sockact } = fastify({ https: {} });
export const release: () => void = sockact.keepAwake();

// @ts-expect-error This is a server, not an app.
systemdListen({ app: createServer() });

// @ts-expect-error There must be an app.
systemdListen({ app: undefined });

// @ts-expect-error This option does not exist.
systemdListen({ app: fastify(), port: 80 });

// @ts-expect-error This option does not exist.
fastify().register(systemdListen, { port: 80 });

// @ts-expect-error A duration needs a unit.
fastify().register(systemdListen, { drainTimeout: true });

// @ts-expect-error Fastify calls the plugin, not the app.
fastify().register(systemdListen());
