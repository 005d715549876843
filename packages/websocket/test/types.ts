// `npm run typecheck` compiles this file, and nothing runs it. It shows the types of keepWebSockets().
import { WebSocketServer } from "ws";
import { keepWebSockets } from "@sockact/websocket";

const server = new WebSocketServer({ noServer: true });
const restore = (): void => {};

keepWebSockets(server, { restore });
keepWebSockets(server, { save: () => {}, restore });
keepWebSockets(server, { save: () => "Ada", restore: (_, name) => name.length });
keepWebSockets(server, { save: ({ url }) => ({ url, rooms: [1] }), restore: (_, { rooms }) => rooms.length });
keepWebSockets<{ last: number }>(server, { save: () => ({ last: 1 }), restore: (_, { last }) => last + 1 });
keepWebSockets(server, {
  restore: async (ws, _state, { headers }) => {
    await Promise.resolve();
    ws.send(String(headers.host));
  },
});

// @ts-expect-error The WebSocket moves at once, so save() can't be async.
keepWebSockets(server, { save: async () => ({ last: 1 }), restore });

// @ts-expect-error There must be restore().
keepWebSockets(server, { save: () => 1 });
