// Puts modules into the cache as tests and agents do: without a filename, undefined, or with exports that throw when they are read.
const Koa = require(process.env.FRAMEWORK);
const { port, report, whoAmI } = require("@sockact/testing/contract-app");

const koa = require.resolve(process.env.FRAMEWORK);
const throws = {
  enumerable: true,
  configurable: true,
  get() {
    throw new Error("nobody may look at this");
  },
};
require.cache[koa] = { exports: Koa };
require.cache["/mock/index.js"] = { exports: {} };
require.cache["/mock/lib/application.js"] = { exports: null };
require.cache["/gone/lib/application.js"] = undefined;
require.cache["/lazy/lib/application.js"] = Object.defineProperty({}, "exports", throws);
require.cache["/class/lib/application.js"] = { exports: Object.defineProperty({}, "prototype", throws) };
class Mock {
  use() {}
  callback() {}
  createContext() {}
}
class Frozen extends Mock {}
Object.freeze(Object.assign(Frozen.prototype, { callback() {}, createContext() {} }));
require.cache["/mocked/lib/application.js"] = { exports: Mock };
require.cache["/frozen/lib/application.js"] = { exports: Frozen };
Object.defineProperty(require.cache, "/entry/lib/application.js", throws);

const { systemdListen } = require("@sockact/koa");
// A test runner mocks an app like this: its methods call those of the class, which do nothing, and it has no list of middleware.
const mocked = new Mock();
mocked.use = (...args) => Mock.prototype.use.apply(mocked, args);
mocked.use(systemdListen());
mocked.callback();
const app = new Koa();
app.use(systemdListen());
app.use((ctx) => {
  ctx.body = whoAmI(ctx.req);
});
report(app.listen(port), () => app.middleware.map(({ name }) => name));
