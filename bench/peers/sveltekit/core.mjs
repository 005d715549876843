// The same handler as in SvelteKit's own server, with @sockact/core.
import { createServer } from "node:http";
import { listen } from "@sockact/core";
import { handler } from "./dist/handler.js";

await listen(createServer(handler));
