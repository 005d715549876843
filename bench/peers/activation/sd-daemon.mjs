import { createServer } from "node:http";
import { listeners } from "sd-daemon";

const [listener] = listeners();
createServer((_request, response) => response.end("hello")).listen({ fd: listener.fd });
