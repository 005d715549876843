import { prepareApp } from "@sockact/core/adapter";

/** A plugin of srvx: the server listens on the sockets that systemd passed to this process. */
export function systemdListen(server) {
  const hooks = { owns: (nodeServer) => nodeServer === server.node?.server };
  // srvx closes the server at SIGTERM, unless sockact drains it.
  if (prepareApp({}).attach(server, hooks)) server.options.gracefulShutdown = false;
}
