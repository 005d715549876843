// A NestJS app with the one line added. Without a compiler for its decorators, they are called by hand.
import "reflect-metadata";
import { Controller, Get, Module, Req } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { systemdListen } from "@sockact/express";
import { port, report, whoAmI } from "@sockact/testkit/contract-app";

class AppController {
  index(request) {
    return whoAmI(request);
  }
}
Controller()(AppController);
Get()(AppController.prototype, "index", Object.getOwnPropertyDescriptor(AppController.prototype, "index"));
Req()(AppController.prototype, "index", 0);

const AppModule = function AppModule() {};
Module({ controllers: [AppController] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
app.use(systemdListen());
report(app.getHttpServer(), () => []);
await app.listen(port);
