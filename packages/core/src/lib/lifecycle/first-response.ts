import { subscribe, unsubscribe } from "node:diagnostics_channel";

/** Where Node's HTTP/1 servers publish each response that they have sent. */
const RESPONSES = "http.server.response.finish";

/** Calls the listener once, right after an HTTP/1 server of this process has sent a response. Returns what takes that back. */
export function onFirstResponse(listener: () => void): () => void {
  const onResponse = (): void => {
    stop();
    listener();
  };
  const stop = (): void => void unsubscribe(RESPONSES, onResponse);
  subscribe(RESPONSES, onResponse);
  return stop;
}
