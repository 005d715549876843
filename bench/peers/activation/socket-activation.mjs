import { createServer } from "node:http";
import socketActivation from "socket-activation";

const [fd] = socketActivation.collect("http");
createServer((_request, response) => response.end("hello")).listen({ fd });
