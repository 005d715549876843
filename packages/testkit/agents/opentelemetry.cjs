// node --require ./opentelemetry.cjs app.cjs; the order is that of OpenTelemetry's own guide.
const { NodeSDK } = require("@opentelemetry/sdk-node");
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
const { ExpressInstrumentation } = require("@opentelemetry/instrumentation-express");
const { KoaInstrumentation } = require("@opentelemetry/instrumentation-koa");
const { FastifyOtelInstrumentation } = require("@fastify/otel");
const { recorded } = require("./shared.cjs");

/** Prints each span instead of sending it. */
const printer = {
  onStart() {},
  onEnd: ({ name }) => recorded(name),
  forceFlush: async () => {},
  shutdown: async () => {},
};

const sdk = new NodeSDK({
  spanProcessors: [printer],
  instrumentations: [
    new HttpInstrumentation(),
    new ExpressInstrumentation(),
    new KoaInstrumentation(),
    new FastifyOtelInstrumentation({ registerOnInitialization: true }),
  ],
});
sdk.start();
