// Sends each string of standard input over a TLS connection of its own, and prints the answers.
import { once } from "node:events";
import { text } from "node:stream/consumers";
import process from "node:process";
import { connect } from "node:tls";

/** A proxy that waits for more never answers. */
const LIMIT = 1_000;

/** Whether the answer to the request on an HTTP/2 connection is complete: RFC 9113, section 6. */
function isAnswered(frames) {
  for (let at = 0; at + 9 <= frames.length;) {
    const [type, flags] = [frames.charCodeAt(at + 3), frames.charCodeAt(at + 4)];
    // DATA and HEADERS with END_STREAM, RST_STREAM and GOAWAY.
    if ((type < 2 && (flags & 1) === 1) || type === 3 || type === 7) return true;
    at += 9 + Buffer.from(`\0${frames.slice(at, at + 3)}`, "latin1").readUInt32BE();
  }
  return false;
}

const { servername, protocol, address, texts } = JSON.parse(await text(process.stdin));
const answers = texts.map(async (bytes) => {
  const options = { servername, ALPNProtocols: [protocol], rejectUnauthorized: false };
  const socket = connect({ host: address, port: 443, ...options });
  socket.on("error", () => {});
  let received = "";
  socket.on("data", (data) => {
    received += data.toString("latin1");
    if (protocol === "h2" && isAnswered(received)) socket.destroy();
  });
  socket.write(Buffer.from(bytes, "latin1"));
  const waiting = setTimeout(() => socket.destroy(), LIMIT);
  await once(socket, "close");
  clearTimeout(waiting);
  return received;
});
process.stdout.write(JSON.stringify(await Promise.all(answers)));
