import { createServer } from "node:http";
import { listen } from "@sockact/core";

await listen(createServer((_request, response) => response.end("hello")));
