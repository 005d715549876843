require("reflect-metadata");
const { Controller, Get, Module } = require("@nestjs/common");
const { NestFactory } = require("@nestjs/core");
const version = require("./version.cjs");

class Root {
  version() {
    return { version };
  }
}
Get()(Root.prototype, "version", Object.getOwnPropertyDescriptor(Root.prototype, "version"));
Controller()(Root);
class App {
  name = "app";
}
Module({ controllers: [Root] })(App);
void NestFactory.create(App, { logger: ["error"] }).then((app) => app.listen(3000));
