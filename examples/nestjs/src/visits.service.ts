import { Injectable, type OnApplicationShutdown } from "@nestjs/common";

export interface Visit {
  visits: number;
  pid: number;
  uid: number | undefined;
}

@Injectable()
export class VisitsService implements OnApplicationShutdown {
  private visits = 0;

  add(): Visit {
    this.visits += 1;
    return { visits: this.visits, pid: process.pid, uid: process.getuid?.() };
  }

  onApplicationShutdown(signal?: string): void {
    console.log(`Stopped by ${signal} after ${this.visits} visits`);
  }
}
