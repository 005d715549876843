import Koa from "koa";

const app = new Koa();
app.use((context) => {
  context.body = "hello";
});
app.listen({ fd: 3 });
