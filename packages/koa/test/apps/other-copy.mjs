// The copy of Koa that a bundler puts into an app's own file: no module of Node's, so nothing finds it. KOA_COPY holds it.
import { systemdListen } from "@sockact/koa";
import { port, report, whoAmI } from "@sockact/testkit/contract-app";

const { default: Koa } = await import(process.env.KOA_COPY);

const app = new Koa();
app.use(process.env.NOT_CALLED ? systemdListen : systemdListen(process.env.EXPLICIT ? { app } : {}));
app.use((ctx) => {
  ctx.body = whoAmI(ctx.req);
});
report(app.listen(port), () => app.middleware.map(({ name }) => name));
