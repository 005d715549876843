const Koa = require("koa");
const { systemdListen } = require("@sockact/koa");

const app = new Koa();
app.use(systemdListen());
app.use((ctx) => {
  ctx.body = ["one", "two"];
});
app.listen(3000);
