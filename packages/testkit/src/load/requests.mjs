// The two requests that the load is made of. A client that silently repeats what failed would not dare to with the second.
const POSTED = JSON.stringify({ text: "grüße", list: [1, null] });

export const requests = [
  { method: "GET", path: "/" },
  {
    method: "POST",
    path: "/echo",
    headers: { "content-type": "application/json" },
    body: POSTED,
  },
];

/** Whether this is the whole of an answer to one of them. */
export function isWhole(body) {
  return body === POSTED || /^\{"pid":\d+\}$/.test(body);
}
