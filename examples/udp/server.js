import { createSocket } from "node:dgram";
import { bindDatagram } from "@sockact/core";
import { AUTHORITATIVE_ANSWER, decode, encode } from "dns-packet";

const addresses = new Map([
  ["shop.home.arpa", "10.0.0.5"],
  ["blog.home.arpa", "10.0.0.6"],
]);
const NXDOMAIN = 3;

/** Answers a query with the address of the name, or with NXDOMAIN if the name is unknown. */
function answerTo({ id, questions }) {
  const [{ name, type }] = questions;
  const address = addresses.get(name.toLowerCase());
  const answers = address && type === "A" ? [{ type, name, ttl: 60, data: address }] : [];
  const flags = AUTHORITATIVE_ANSWER | (address ? 0 : NXDOMAIN);
  return { type: "response", id, flags, questions, answers };
}

const socket = createSocket("udp4");
socket.on("message", (message, { port, address }) => {
  try {
    const query = decode(message);
    if (query.type === "query") socket.send(encode(answerTo(query)), port, address);
  } catch (error) {
    console.error(`Not a DNS query: ${error.message}`);
  }
});
await bindDatagram(socket, { name: "dns", port: 5300, address: "127.0.0.1" });
console.log("DNS is listening on", socket.address());
