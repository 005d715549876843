// A cluster whose primary knows nothing of sockact.
import cluster from "node:cluster";

if (cluster.isPrimary) cluster.fork();
else {
  const { activatedSockets } = await import("@sockact/core");
  console.log(JSON.stringify({ event: "asked", sockets: activatedSockets() }));
  cluster.worker.disconnect();
}
