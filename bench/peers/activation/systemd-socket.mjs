import { createServer } from "node:http";
import systemdSocket from "systemd-socket";

createServer((_request, response) => response.end("hello")).listen(systemdSocket());
