// Sends a number of requests from ten clients: node amount-program.mjs PORT AMOUNT keep-alive|fresh. A client
// sends its next request after an answer. With `fresh`, each request is on a new connection, which the server
// closes. Fails if a request is not answered with 200.
import { connect } from "node:net";
import process from "node:process";
import autocannon from "autocannon";

const CLIENTS = 10;

const [port, amount, connections] = process.argv.slice(2);

async function keepAlive() {
  const result = await autocannon({
    url: `http://127.0.0.1:${port}`,
    connections: CLIENTS,
    amount: Number(amount),
  });
  return result["2xx"];
}

async function fresh() {
  let left = Number(amount);
  let answered = 0;
  const client = async () => {
    while (left-- > 0) if (await isAnswered()) answered++;
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return answered;
}

function isAnswered() {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ host: "127.0.0.1", port: Number(port), noDelay: true });
    socket.setEncoding("latin1").on("data", (chunk) => (text += chunk));
    socket.on("error", reject);
    socket.on("close", () => resolve(text.startsWith("HTTP/1.1 200 ")));
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  });
}

const answered = await (connections === "fresh" ? fresh() : keepAlive());
if (answered !== Number(amount)) throw new Error(`${answered} of ${amount} requests were answered with 200`);
