// A download that begins when it is started, and is read to its end when it is stopped.
import { once } from "node:events";
import { request } from "node:http";
import { bytesFrom, digest } from "./bytes.mjs";

/** @param {{ url: string, bytes: number, seed: number }} options */
export async function start({ url, bytes, seed }) {
  const sent = request(`${url}/download?bytes=${bytes}&seed=${seed}`).end();
  const [response] = await once(sent, "response");
  // The rest stays in the server until it is read: the buffers of the sockets hold only a few MB.
  const chunks = response[Symbol.asyncIterator]();
  const first = await chunks.next();
  const all = async function* () {
    yield first.value;
    yield* chunks;
  };

  return {
    round: async () => {},
    async stop() {
      return {
        pid: Number(response.headers["x-pid"]),
        connection: response.headers.connection,
        got: await digest(all()),
        expected: await digest(bytesFrom(seed, bytes)),
      };
    },
  };
}
