const { createServer } = require("node:http");
const { listen } = require("@sockact/core");

const print = (event) => console.log(JSON.stringify({ event }));

const server = createServer((request, response) => {
  print("request");
  process.once("SIGTERM", () => setImmediate(() => response.end("answer")));
});
void (async () => {
  await listen(server);
  const looking = setInterval(() => {
    if (!Object.keys(require.cache).some((file) => file.endsWith("/later.cjs"))) return;
    clearInterval(looking);
    print("loaded");
  }, 10);
})();
