// An app with lightship, whose own server listens first.
import { createServer } from "node:http";
import { createLightship } from "lightship";

const lightship = await createLightship({
  port: Number(process.env.LIGHTSHIP_PORT),
  detectKubernetes: false,
});
const server = createServer((_request, response) => response.end("app"));
server.listen(process.env.PORT, () => lightship.signalReady());
