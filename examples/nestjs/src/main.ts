import { NestFactory } from "@nestjs/core";
import { systemdListen } from "@sockact/express";
import { AppModule } from "./app.module";

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  app.use(systemdListen());
  app.enableShutdownHooks(["SIGTERM", "SIGINT"]);
  await app.listen(3000);
}
void bootstrap();
