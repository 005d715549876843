import { Controller, Get } from "@nestjs/common";
import { VisitsService, type Visit } from "./visits.service";

@Controller()
export class VisitsController {
  constructor(private readonly visits: VisitsService) {}

  @Get()
  visit(): Visit {
    return this.visits.add();
  }
}
