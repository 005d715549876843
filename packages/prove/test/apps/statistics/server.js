const http = require("node:http");
const { summarize } = require("./summarize");

let summary = {};
setInterval(() => {
  summary = summarize(2_000);
}, 3000);

http
  .createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(summary));
  })
  .listen(process.env.PORT || 3000);
