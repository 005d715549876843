import { Controller, Get, Module } from "@nestjs/common";
import { HealthController } from "./health.controller.js";
import { SockactModule } from "./sockact.module.js";

@Controller()
class AppController {
  @Get()
  index(): string {
    return "hello";
  }
}

@Module({
  imports: [SockactModule.forRoot({ drainTimeout: "30s" })],
  controllers: [AppController, HealthController],
})
export class AppModule {}
