// Compiled by `npm run typecheck`, never run: what TypeScript makes of systemdListen() in each major version.
import Koa from "koa";
import Koa2 from "koa2";
import systemdListenByDefault, { systemdListen, type SystemdListenOptions } from "@sockact/koa";

const app = new Koa();
const options: SystemdListenOptions = { name: "http", required: true, app };

app.use(systemdListen(options));
new Koa2().use(systemdListenByDefault());

// @ts-expect-error There is no such option.
systemdListen({ port: 80 });
