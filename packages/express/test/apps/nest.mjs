// A NestJS app with the one line added. No compiler runs, so this file calls the decorators itself.
import "reflect-metadata";
import { once } from "node:events";
import process from "node:process";
import { Controller, Get, Module, Req } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { systemdListen } from "@sockact/express";
import { port, report, say, whoAmI } from "@sockact/testing/contract-app";

class AppController {
  index(request) {
    return whoAmI(request);
  }

  async held() {
    say("held");
    // The test lets it go.
    await once(process, "SIGUSR2");
  }

  async onApplicationShutdown() {
    say("hook");
  }
}
Controller()(AppController);
for (const [path, method] of [
  ["/", "index"],
  ["/held", "held"],
])
  Get(path)(
    AppController.prototype,
    method,
    Object.getOwnPropertyDescriptor(AppController.prototype, method),
  );
Req()(AppController.prototype, "index", 0);

const AppModule = function AppModule() {};
Module({ controllers: [AppController] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
if (process.env.HOOKS) app.enableShutdownHooks();
app.use(systemdListen());
report(app.getHttpServer(), () => []);
await app.listen(port);
