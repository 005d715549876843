import { fileURLToPath } from "node:url";
import type { AppProcess } from "../../packages/testing/src/app-process.ts";

/** The program of the client, which {@link firstBytes} talks to. */
export const clientProgram: string = fileURLToPath(new URL("../programs/first-byte.mjs", import.meta.url));

/**
 * Connects to all these ports, or to these host names over TLS, at the same moment. Resolves to the milliseconds until the first byte of each
 * answer.
 */
export async function firstBytes(
  client: AppProcess,
  targets: readonly (number | string)[],
): Promise<number[]> {
  client.write(targets.join(" "));
  const { milliseconds } = await client.event<{ milliseconds: number[] }>("answered");
  return milliseconds;
}
