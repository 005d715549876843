// The parentheses are missing in app.use(systemdListen).
import { port, report } from "@sockact/testing/contract-app";

const { default: Koa } = await import(process.env.FRAMEWORK);
const { systemdListen } = await import("@sockact/koa");

const app = new Koa();
app.use(systemdListen);
report(app.listen(port), () => []);
