import { prepareApp } from "@sockact/core/adapter";

/** A plugin of srvx: the server listens on the sockets that systemd passed to this process. */
export function systemdListen(server) {
  // Waits for the promises of waitUntil().
  const app = prepareApp({ onStop: () => server.close() });
  const hooks = { owns: (nodeServer) => nodeServer === server.node?.server };
  // srvx closes the server at SIGTERM, unless sockact drains it.
  if (app.attach(server, hooks)) server.options.gracefulShutdown = false;
}
