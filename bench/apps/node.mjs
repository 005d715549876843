// Bare Node. The other apps are compared with this one.
import { createServer } from "node:http";

createServer((_request, response) => response.end("hello")).listen({ fd: 3 });
