import { systemdListen } from "@sockact/express";
import { framework, hello, options, start } from "./shared.cjs";

const { default: express } = await import(framework);
const app = express();
if (options) app.use(systemdListen(options));
app.get("/hello", (_req, res) => res.json(hello()));
start(app);
