// Uses the copy of Koa in the file KOA_COPY. A bundler makes such a copy. It is not in Node's module cache, so nothing finds it.
import { systemdListen } from "@sockact/koa";
import { port, report, whoAmI } from "@sockact/testing/contract-app";

const { default: Koa } = await import(process.env.KOA_COPY);

const app = new Koa();
app.use(process.env.NOT_CALLED ? systemdListen : systemdListen(process.env.EXPLICIT ? { app } : {}));
app.use((ctx) => {
  ctx.body = whoAmI(ctx.req);
});
report(app.listen(port), () => app.middleware.map(({ name }) => name));
