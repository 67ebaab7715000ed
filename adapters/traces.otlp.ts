import type { Attributes, Tracer } from '@opentelemetry/api';

/** A stretch of time that has a name, and what it was made of. */
export interface Span {
  name: string;
  /** Epoch ms. */
  startMs: number;
  endMs: number;
  attributes: Readonly<Record<string, string | number | boolean>>;
  /** Why it came to nothing; absent: it did not. */
  failed?: string;
  parts?: readonly Span[];
}

/** Where traces go. */
export interface Traces {
  /** Hands a trace over, whole. */
  report(root: Span): void;
  /** Sends what waits; resolves once it is sent or given up. */
  close(): Promise<void>;
}

/** A gateway that leaves does not wait for a collector that hangs. */
const SENT_WITHIN_MS = 500;

/** A collector's address for traces: as it is where it names a path, else the one of OTLP over HTTP. */
const tracesAt = (url: string): string => (new URL(url).pathname === '/' ? new URL('/v1/traces', url).href : url);

/**
 * Sends traces by OTLP over HTTP, as JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp). They are sent a few
 * seconds later, together; a collector that is away loses them, and nobody waits for it.
 * @param url of the collector, as `http://127.0.0.1:4318`
 * @param node this gateway
 */
export async function openTraces(url: string, node: string): Promise<Traces> {
  // Only here: who sends no traces does not load them.
  const [api, { TracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'signalbox', 'service.instance.id': node }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: tracesAt(url) }) })],
  });
  const tracer: Tracer = provider.getTracer('signalbox');
  const tell = ({ name, startMs, endMs, attributes, failed, parts = [] }: Span, within = api.ROOT_CONTEXT): void => {
    const span = tracer.startSpan(name, { startTime: startMs, attributes: attributes as Attributes }, within);
    if (failed !== undefined) span.setStatus({ code: api.SpanStatusCode.ERROR, message: failed });
    for (const part of parts) tell(part, api.trace.setSpan(within, span));
    span.end(endMs);
  };
  return {
    report: (root) => tell(root),
    async close() {
      await Promise.race([
        provider.shutdown().catch(() => {}),
        new Promise((resolve) => setTimeout(resolve, SENT_WITHIN_MS).unref()),
      ]);
    },
  };
}
