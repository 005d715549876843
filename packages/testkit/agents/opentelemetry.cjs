// node --require ./opentelemetry.cjs app.cjs; the order is that of OpenTelemetry's own guide.
const { NodeSDK, tracing } = require("@opentelemetry/sdk-node");
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
const { ExpressInstrumentation } = require("@opentelemetry/instrumentation-express");
const { KoaInstrumentation } = require("@opentelemetry/instrumentation-koa");
const { FastifyOtelInstrumentation } = require("@fastify/otel");
const { recorded } = require("./shared.cjs");

/** Prints instead of sending. */
const exporter = {
  export(spans, done) {
    for (const { name } of spans) recorded(name);
    done({ code: 0 });
  },
  shutdown: async () => {},
};

const sdk = new NodeSDK({
  spanProcessors: [new tracing.SimpleSpanProcessor(exporter)],
  instrumentations: [
    new HttpInstrumentation(),
    new ExpressInstrumentation(),
    new KoaInstrumentation(),
    new FastifyOtelInstrumentation({ registerOnInitialization: true }),
  ],
});
sdk.start();
