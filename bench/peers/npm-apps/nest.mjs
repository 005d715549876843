// As TypeScript compiles decorators.
import "reflect-metadata";
import process from "node:process";
import { Controller, Get, Injectable, Module } from "@nestjs/common";
import { ConfigModule } from "@nestjs/config";
import { NestFactory } from "@nestjs/core";

class HelloService {
  hello() {
    return "Nest";
  }
}
Injectable()(HelloService);

class HelloController {
  constructor(service) {
    this.service = service;
  }
  hello() {
    return this.service.hello();
  }
}
Reflect.defineMetadata("design:paramtypes", [HelloService], HelloController);
Get()(
  HelloController.prototype,
  "hello",
  Object.getOwnPropertyDescriptor(HelloController.prototype, "hello"),
);
Controller()(HelloController);

class AppModule {
  configure() {}
}
Module({ imports: [ConfigModule.forRoot()], controllers: [HelloController], providers: [HelloService] })(
  AppModule,
);

const app = await NestFactory.create(AppModule, { logger: ["error", "warn"] });
await app.listen(Number(process.env.PORT), "127.0.0.1");
