const fs = require("fs");
const path = require("path");
const Koa = require("koa");

const app = new Koa();
const template = path.join(__dirname, "page.html");

function lastChange(file) {
  const fd = fs.openSync(file, "r");
  const { mtime } = fs.fstatSync(fd);
  return mtime;
}

app.use(async (ctx) => {
  ctx.lastModified = lastChange(template);
  ctx.type = "html";
  ctx.body = await fs.promises.readFile(template, "utf8");
});

app.listen(process.env.PORT || 3000);
