/** Keep-alive connections kept our deploys waiting, so close them all. */
export function stopServer(server) {
  server.close(() => process.exit(0));
  server.closeAllConnections();
}
