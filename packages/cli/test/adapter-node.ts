/** The files of an app as SvelteKit's adapter-node 5 and 6 build it, with only what they do with sockets. */
export const adapterNodeApp = {
  "package.json": {
    name: "svelte-shop",
    type: "module",
    devDependencies: { "@sveltejs/adapter-node": "^6.0.1" },
  },
  "build/handler.js": `export const handler = (request, response) => response.end("uid " + process.getuid());\n`,
  "build/env.js": `const expected_unprefixed = new Set(['LISTEN_PID', 'LISTEN_FDS']);
const env_prefix = "";
export function env(name, fallback) {
	const prefixed = (expected_unprefixed.has(name) ? '' : env_prefix) + name;
	return prefixed in process.env ? process.env[prefixed] : fallback;
}
`,
  "build/index.js": `import http from 'node:http';
import process from 'node:process';
import { handler } from './handler.js';
import { env } from './env.js';

const path = env('SOCKET_PATH', false);
const host = env('HOST', '0.0.0.0');
const port = env('PORT', !path && '3000');
const listen_pid = parseInt(env('LISTEN_PID', '0'));
const listen_fds = parseInt(env('LISTEN_FDS', '0'));
// https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html
const SD_LISTEN_FDS_START = 3;

if (listen_pid !== 0 && listen_pid !== process.pid) {
	throw new Error(\`received LISTEN_PID \${listen_pid} but current process id is \${process.pid}\`);
}
if (listen_fds > 1) {
	throw new Error(
		\`only one socket is allowed for socket activation, but LISTEN_FDS was set to \${listen_fds}\`
	);
}

const socket_activation = listen_pid === process.pid && listen_fds === 1;
const httpServer = http.createServer(handler);

if (socket_activation) {
	httpServer.listen({ fd: SD_LISTEN_FDS_START }, () => {
		console.log(\`Listening on file descriptor \${SD_LISTEN_FDS_START}\`);
	});
} else {
	httpServer.listen({ path, host, port }, () => {
		console.log(\`Listening on \${path || \`http://\${host}:\${port}\`}\`);
	});
}

function graceful_shutdown(reason) {
	httpServer.closeIdleConnections();
	httpServer.close((error) => {
		if (error) return;
		process.emit('sveltekit:shutdown', reason);
	});
}

process.on('SIGTERM', graceful_shutdown);
process.on('SIGINT', graceful_shutdown);

export { host, path, port, httpServer as server };
`,
};
