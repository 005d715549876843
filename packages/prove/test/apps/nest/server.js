require("reflect-metadata");
const { Controller, Get, Module } = require("@nestjs/common");
const { NestFactory } = require("@nestjs/core");
const { systemdListen } = require("@sockact/express");

// What tsc makes of the decorators.
class AppController {
  hello() {
    return { hello: "Nest" };
  }
}
Get()(AppController.prototype, "hello", Object.getOwnPropertyDescriptor(AppController.prototype, "hello"));
Controller()(AppController);

class AppModule {
  name = "app";
}
Module({ controllers: [AppController] })(AppModule);

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  app.use(systemdListen({ signals: "first" }));
  app.enableShutdownHooks(["SIGTERM", "SIGINT"]);
  await app.listen(3000);
}
void bootstrap();
