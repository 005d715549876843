import { Controller, Get, ServiceUnavailableException } from "@nestjs/common";
import { Sockact } from "./sockact.module.js";

@Controller("status")
export class HealthController {
  constructor(private readonly sockact: Sockact) {}

  @Get()
  async status() {
    const { healthy, state } = await this.sockact.checkHealth();
    if (!healthy) throw new ServiceUnavailableException({ state });
    return { state, activated: this.sockact.activated };
  }
}
