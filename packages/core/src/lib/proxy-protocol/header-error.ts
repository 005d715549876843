import { ActivationError } from "../shared/errors.ts";

/** @param problem a sentence without its period */
export function headerError(problem: string): ActivationError {
  return new ActivationError(
    "ERR_PROXY_HEADER",
    problem,
    "Make each client of this socket send a PROXY header, for example with send-proxy-v2 in HAProxy. For other clients, pass a second socket without proxyProtocol.",
  );
}
