// Bare Node: the app that the others are compared with.
import { createServer } from "node:http";

createServer((_request, response) => response.end("hello")).listen({ fd: 3 });
