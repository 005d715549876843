import { type DynamicModule, Module } from "@nestjs/common";
import { HttpAdapterHost } from "@nestjs/core";
import { type AppOptions, prepareApp, type Sockact as State } from "@sockact/core/adapter";

/** What your classes inject: `activated`, `draining`, `checkHealth()` and `keepAwake()`. */
export abstract class Sockact {
  abstract readonly activated: State["activated"];
  abstract readonly draining: State["draining"];
  abstract checkHealth: State["checkHealth"];
  abstract keepAwake: State["keepAwake"];
}

@Module({})
export class SockactModule {
  static forRoot(options: AppOptions = {}): DynamicModule {
    const provider = {
      provide: Sockact,
      inject: [HttpAdapterHost],
      useFactory: ({ httpAdapter }: HttpAdapterHost): State => {
        const app = prepareApp(options);
        // An app without a server has no adapter, as after createApplicationContext().
        if (httpAdapter)
          app.attach(httpAdapter, { owns: (server) => server === httpAdapter.getHttpServer() });
        return app.sockact;
      },
    };
    return { module: SockactModule, global: true, providers: [provider], exports: [Sockact] };
  }
}
