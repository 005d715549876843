// Compiled by `npm run typecheck`, never run: what TypeScript makes of systemdListen in each major version.
import fastify from "fastify";
import fastify4 from "fastify4";
import systemdListenByDefault, { systemdListen, type SystemdListenOptions } from "@sockact/fastify";

const options: SystemdListenOptions = { name: ["http"], required: false };

void fastify().register(systemdListen, options);
void fastify({ https: {} }).register(systemdListen);
// As a user of Fastify 4 has it, whose types then stand behind those of the plugin.
void fastify4().register(systemdListenByDefault as never);

// @ts-expect-error There is no such option.
fastify().register(systemdListen, { port: 80 });

// @ts-expect-error It is a duration.
fastify().register(systemdListen, { drainTimeout: true });

// @ts-expect-error It is a plugin.
fastify().register(systemdListen());
