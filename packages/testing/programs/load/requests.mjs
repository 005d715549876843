// The two default requests of the load. The second is a POST, which no client repeats silently after a
// failure.
const POSTED = JSON.stringify({ text: "grüße", list: [1, null] });

const REQUESTS = [
  { method: "GET", path: "/" },
  {
    method: "POST",
    path: "/echo",
    headers: { "content-type": "application/json" },
    body: POSTED,
  },
];

/** Whether the body is a complete answer to one of them. */
export function isWhole(body) {
  return body === POSTED || /^\{"pid":\d+\}$/.test(body);
}

/**
 * The requests of the load, the status of each answer, and a function that returns whether a body is the
 * complete answer to one of them.
 *
 * @param {{ requests?: object[], status?: number, answer?: string }} asked the requests for another app,
 *   their status, and a regular expression that each answer matches
 */
export function requestsOf({ requests, status = 200, answer = "" }) {
  if (requests === undefined) return { requests: REQUESTS, status, isWhole };
  const pattern = new RegExp(answer);
  return { requests, status, isWhole: (body) => pattern.test(body) };
}
