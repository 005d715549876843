import { createServer } from "node:http";
import "systemd";

createServer((_request, response) => response.end("hello")).listen("systemd");
