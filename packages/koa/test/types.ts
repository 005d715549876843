// `npm run typecheck` compiles this file, and nothing runs it. It shows the types of systemdListen() in each
// major version.
import Koa from "koa";
import Koa2 from "koa2";
import systemdListenByDefault, { systemdListen, type SystemdListenOptions } from "@sockact/koa";

const app = new Koa();
const options: SystemdListenOptions = { name: "http", required: true, app };

app.use(systemdListen(options));
new Koa2().use(systemdListenByDefault());

// @ts-expect-error This option does not exist.
systemdListen({ port: 80 });
