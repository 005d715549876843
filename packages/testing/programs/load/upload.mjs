// An upload. The first half is sent when the load starts, and the rest in small pieces when the load stops.
import { once } from "node:events";
import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { bytesFrom, digest } from "./bytes.mjs";

/** @param {{ url: string, bytes: number, seed: number, pause: number }} options `pause`: milliseconds before each piece of the rest */
export async function start({ url, bytes, seed, pause }) {
  const sent = request(`${url}/upload`, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream", "content-length": bytes },
  });
  const answered = once(sent, "response");
  answered.catch(() => {});
  const chunks = [...bytesFrom(seed, bytes)];
  const half = chunks.splice(0, Math.ceil(chunks.length / 2));
  for (const chunk of half) await write(sent, chunk);

  return {
    round: async () => {},
    async stop() {
      for (const chunk of chunks) {
        await delay(pause);
        await write(sent, chunk);
      }
      sent.end();
      const [response] = await answered;
      const body = (await response.setEncoding("utf8").toArray()).join("");
      return {
        pid: Number(response.headers["x-pid"]),
        connection: response.headers.connection,
        got: JSON.parse(body),
        expected: await digest(bytesFrom(seed, bytes)),
      };
    },
  };
}

function write(sent, chunk) {
  return new Promise((resolve, reject) => {
    sent.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}
