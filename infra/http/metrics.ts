import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import manifest from '../../package.json' with { type: 'json' };

/** Everything that is measured, under its Prometheus name. High-rate figures come here, not through a cell's door. */
export interface Metrics {
  registry: Registry;
  cameras: Gauge<'state'>;
  cameraBitrate: Gauge<'camera'>;
  cameraFrames: Gauge<'camera'>;
  sessions: Gauge<'protocol' | 'state'>;
  relays: Gauge<'role' | 'state'>;
  broadcasts: Gauge<'destination' | 'state'>;
  recordings: Gauge<'state'>;
  renditions: Gauge<'state'>;
  incidents: Gauge<'state'>;
  troubles: Gauge<'part' | 'state'>;
  certificateEnd: Gauge<string>;
  firstFrame: Histogram<string>;
  glassToGlass: Histogram<string>;
  failover: Histogram<'kind' | 'phase'>;
  moves: Counter<'kind' | 'reason'>;
  stalePlaylists: Counter<string>;
  admissions: Counter<'result'>;
  journalAppends: Counter<string>;
  journalQueue: Gauge<string>;
  eventLoopDelay: Gauge<'quantile'>;
  relayLoad: Gauge<'relay'>;
  adaptivePeers: Gauge<string>;
  adaptiveCores: Gauge<string>;
  relayCalls: Counter<'relay'>;
  webhooks: Counter<'webhook' | 'result'>;
}

/** Makes the metrics of one gateway in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    name: 'signalbox_build_info',
    help: 'Always 1; its label tells the release',
    labelNames: ['version'],
    registers,
  }).set({ version: manifest.version }, 1);
  return {
    registry,
    cameras: new Gauge({ name: 'signalbox_cameras', help: 'Cameras by state', labelNames: ['state'], registers }),
    sessions: new Gauge({
      name: 'signalbox_sessions',
      help: 'Viewer sessions by protocol and state',
      labelNames: ['protocol', 'state'],
      registers,
    }),
    cameraBitrate: new Gauge({
      name: 'signalbox_camera_bitrate_bps',
      help: 'Bits a second of the picture that a camera gives, as its switcher measures them',
      labelNames: ['camera'],
      registers,
    }),
    cameraFrames: new Gauge({
      name: 'signalbox_camera_frames_per_second',
      help: 'Frames a second of that picture',
      labelNames: ['camera'],
      registers,
    }),
    relays: new Gauge({
      name: 'signalbox_relays',
      help: 'Relays by role and state',
      labelNames: ['role', 'state'],
      registers,
    }),
    broadcasts: new Gauge({
      name: 'signalbox_broadcasts',
      help: 'Pushes by destination and state',
      labelNames: ['destination', 'state'],
      registers,
    }),
    recordings: new Gauge({
      name: 'signalbox_recordings',
      help: 'Cameras by the state of their recording',
      labelNames: ['state'],
      registers,
    }),
    renditions: new Gauge({
      name: 'signalbox_renditions',
      help: 'Ladders by state',
      labelNames: ['state'],
      registers,
    }),
    incidents: new Gauge({
      name: 'signalbox_incidents',
      help: 'Emergencies that run, by state',
      labelNames: ['state'],
      registers,
    }),
    troubles: new Gauge({
      name: 'signalbox_troubles',
      help: 'Why the gateway is not, or not wholly, well: 1 for each reason of /readyz',
      labelNames: ['part', 'state'],
      registers,
    }),
    certificateEnd: new Gauge({
      name: 'signalbox_certificate_end_timestamp_seconds',
      help: 'When the certificate of http.tls ends; absent without one',
      registers,
    }),
    firstFrame: new Histogram({
      name: 'signalbox_first_frame_seconds',
      help: 'From asking for the picture to its first frame, as players measure it',
      buckets: [0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10],
      registers,
    }),
    glassToGlass: new Histogram({
      name: 'signalbox_glass_to_glass_seconds',
      help: 'From the camera clock to the screen, where the picture carries a clock',
      buckets: [0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5],
      registers,
    }),
    failover: new Histogram({
      name: 'signalbox_failover_seconds',
      help: 'How long it took to notice (detect) and to have a picture again (recover)',
      labelNames: ['kind', 'phase'],
      buckets: [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300],
      registers,
    }),
    moves: new Counter({
      name: 'signalbox_moves_total',
      help: 'Legs that players were asked to open, or opened by themselves, in place of another',
      labelNames: ['kind', 'reason'],
      registers,
    }),
    stalePlaylists: new Counter({
      name: 'signalbox_stale_playlists_total',
      help: 'Times that a player was given a playlist of HLS which a cache had kept for too long',
      registers,
    }),
    admissions: new Counter({
      name: 'signalbox_admissions_total',
      help: 'Requests to watch, by what became of them',
      labelNames: ['result'],
      registers,
    }),
    journalAppends: new Counter({
      name: 'signalbox_journal_appends_total',
      help: 'Journal records appended',
      registers,
    }),
    journalQueue: new Gauge({
      name: 'signalbox_journal_queue',
      help: 'Journal records not yet acknowledged',
      registers,
    }),
    eventLoopDelay: new Gauge({
      name: 'signalbox_event_loop_delay_seconds',
      help: 'How late timers ran since the last scrape',
      labelNames: ['quantile'],
      registers,
    }),
    relayLoad: new Gauge({
      name: 'signalbox_relay_load',
      help: 'Viewer sessions seated at a relay',
      labelNames: ['relay'],
      registers,
    }),
    adaptivePeers: new Gauge({
      name: 'signalbox_adaptive_peers',
      help: 'Viewers for whom VP8 is encoded alone, whoever of the gateways here let them in',
      registers,
    }),
    adaptiveCores: new Gauge({
      name: 'signalbox_adaptive_cores',
      help: 'Processor cores that adaptive peers and their decoders use',
      registers,
    }),
    webhooks: new Counter({
      name: 'signalbox_webhook_deliveries_total',
      help: 'Attempts to deliver a fact to another system, by its host and what became of them',
      labelNames: ['webhook', 'result'],
      registers,
    }),
    relayCalls: new Counter({
      name: 'signalbox_relay_calls_total',
      help: 'Calls of the control API of a relay',
      labelNames: ['relay'],
      registers,
    }),
  };
}

/** Adds what the process itself uses: processor time, memory, file descriptors, garbage collection. */
export const measureProcess = ({ registry }: Pick<Metrics, 'registry'>): void =>
  collectDefaultMetrics({ register: registry });
