// Sends each datagram back, with its pid.
import { createSocket } from "node:dgram";
import process from "node:process";
import { bindDatagram } from "@sockact/core";

const socket = createSocket(process.argv[2]);
socket.on("message", (message, { port, address }) =>
  socket.send(`${String(message)} ${process.pid}`, port, address),
);
await bindDatagram(socket, { required: true });
