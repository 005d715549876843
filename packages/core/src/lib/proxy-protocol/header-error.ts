import { ActivationError } from "../shared/errors.ts";

const SEND_HEADER =
  "Make each client of this socket send a PROXY header, for example with send-proxy-v2 in HAProxy. For other clients, pass a second socket without proxyProtocol.";

/** @param problem a sentence without its period */
export function headerError(problem: string, hint: string = SEND_HEADER): ActivationError {
  return new ActivationError("SOCKACT_ERR_PROXY_HEADER", problem, hint);
}
