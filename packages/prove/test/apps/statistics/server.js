const http = require("node:http");
const { isAllowed } = require("./keys");

http
  .createServer((request, response) => {
    const allowed = isAllowed(request.headers["x-api-key"] ?? "guest");
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ allowed, visitors: 12 }));
  })
  .listen(process.env.PORT || 3000);
