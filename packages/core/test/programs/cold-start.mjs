import { createServer } from "node:http";

const server = createServer((request, response) => response.end("answer"));
if (process.argv[2] === "bare") server.listen({ fd: 3 });
else {
  const { listen } = await import("@sockact/core");
  await listen(server);
}
