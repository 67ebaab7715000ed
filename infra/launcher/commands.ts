import Type from 'typebox';
import { MakingSchema } from '../../adapters/push.mediamtx/making.ts';
import { type LinkMessage, type Peer, serveLink } from '../../bus/carriers/link.ts';
import { ID_PATTERN, type Id, IdSchema } from '../../bus/identity.ts';
import { type Of, ShapeError, shape } from '../../bus/shape.ts';
import type { CameraZones, ReaderScopes } from '../nats/accounts.ts';
import type { EncoderWatch, RunningEncoders } from './encoders.ts';
import type { ProcessState } from './process-list.ts';
import type { Exit } from './supervise.ts';

const Ref = Type.Union([Type.String(), Type.Number()]);

/** What a gateway may ask of the launcher: `holder` is its name, `epoch` the fencing token of the lease it acts under. */
const requests = {
  plug: shape(
    'plug request',
    Type.Object({
      ref: Ref,
      epoch: Type.Number(),
      camera: IdSchema,
      source: Type.Integer({ minimum: 0, maximum: 63 }),
      plugged: Type.Boolean(),
    }),
  ),
  'ensure-switchers': shape(
    'ensure-switchers request',
    Type.Object({ ref: Ref, epoch: Type.Number(), count: Type.Integer({ minimum: 1, maximum: 64 }) }),
  ),
  'run-relay': shape(
    'run-relay request',
    Type.Object({ ref: Ref, epoch: Type.Number(), relay: IdSchema, runs: Type.Boolean() }),
  ),
  encode: shape(
    'encode request',
    Type.Object({
      ref: Ref,
      epoch: Type.Number(),
      name: IdSchema,
      making: MakingSchema,
      url: Type.String({ pattern: '^rtsps?://[^\\s]+$', maxLength: 4096 }),
      // It becomes part of what FFmpeg is told.
      socket: Type.String({ pattern: "^/[^\\s':,;\\[\\]\\\\%]{1,200}$" }),
    }),
  ),
  'end-encoder': shape('end-encoder request', Type.Object({ epoch: Type.Number(), name: IdSchema })),
  encoders: shape('encoders request', Type.Object({ ref: Ref })),
  listens: shape('listens request', Type.Object({ ref: Ref })),
  'place-cameras': shape(
    'place-cameras request',
    Type.Object({
      ref: Ref,
      epoch: Type.Number(),
      cameras: Type.Array(Type.Object({ id: IdSchema, zone: Type.String({ maxLength: 200 }) }), { maxItems: 100_000 }),
      readers: Type.Record(
        Type.String({ pattern: ID_PATTERN }),
        Type.Object({
          cameras: Type.Optional(Type.Array(IdSchema)),
          zones: Type.Optional(Type.Array(Type.String({ maxLength: 200 }))),
        }),
      ),
    }),
  ),
  processes: shape('processes request', Type.Object({ ref: Type.Optional(Ref) })),
  waits: shape(
    'waits message',
    Type.Object({ holder: Type.String({ maxLength: 64 }), text: Type.String({ maxLength: 1_000 }) }),
  ),
  ready: shape(
    'ready message',
    Type.Object({ holder: Type.String({ maxLength: 64 }), url: Type.String({ pattern: '^https?://[^\\s]+$' }) }),
  ),
};

/** Refuses a request for a reason that the caller can act on. */
export class Refused extends Error {
  readonly reason: string;
  constructor(reason: string, text: string) {
    super(text);
    this.name = 'Refused';
    this.reason = reason;
  }
}

/** What the link lets gateways do. */
export interface Commands {
  /** @throws Refused when there is no such demo camera */
  plug(request: Of<(typeof requests)['plug']>): Promise<void>;
  ensureSwitchers(count: number): Promise<void>;
  /** Has a relay that was there at the start run, or not. @throws Refused when there was none of that name */
  runRelay(relay: string, runs: boolean): Promise<void>;
  /** Says in which zone each camera is, and who hears facts over NATS. */
  placeCameras(zones: CameraZones, readers: ReaderScopes): Promise<void>;
  processes(): ProcessState[];
  /** The encoders of pushes. */
  encoders: Pick<RunningEncoders, 'start' | 'stop' | 'list'>;
  /** A gateway is about to listen: resolves when nobody else does at its address. */
  listens(): Promise<void>;
  /** A gateway has started, and can't serve before it has what it waits for. */
  waits(gateway: string, text: string): void;
  /** A gateway serves, and browsers sign in at this address. */
  ready(gateway: string, url: string): void;
}

/** The launcher's end of the link: commands in, news of processes out to every peer. */
export interface CommandLink {
  started(name: string, pid: number): void;
  exited(exit: Exit): void;
  encoder: EncoderWatch;
  close(): void;
}

async function obey(message: LinkMessage, commands: Commands, peer: Peer): Promise<void> {
  const { ref } = message;
  switch (message.type) {
    case 'plug':
      await commands.plug(requests.plug.parse(message));
      return peer.send({ type: 'done', ref });
    case 'ensure-switchers':
      await commands.ensureSwitchers(requests['ensure-switchers'].parse(message).count);
      return peer.send({ type: 'done', ref });
    case 'run-relay': {
      const { relay, runs } = requests['run-relay'].parse(message);
      await commands.runRelay(relay, runs);
      return peer.send({ type: 'done', ref });
    }
    case 'encode': {
      const { name, ...encoding } = requests.encode.parse(message);
      commands.encoders.start(name, encoding);
      return peer.send({ type: 'done', ref });
    }
    case 'end-encoder':
      return commands.encoders.stop(requests['end-encoder'].parse(message).name);
    case 'encoders':
      return peer.send({ type: 'done', ref, ...commands.encoders.list() });
    case 'listens':
      await commands.listens();
      return peer.send({ type: 'done', ref: requests.listens.parse(message).ref });
    case 'place-cameras': {
      const { cameras, readers } = requests['place-cameras'].parse(message);
      await commands.placeCameras(new Map(cameras.map(({ id, zone }) => [id as Id, zone])), readers as ReaderScopes);
      return peer.send({ type: 'done', ref });
    }
    case 'processes':
      return peer.send({ type: 'processes', ref, items: commands.processes() });
    case 'waits': {
      const { holder, text } = requests.waits.parse(message);
      return commands.waits(holder, text);
    }
    case 'ready': {
      const { holder, url } = requests.ready.parse(message);
      return commands.ready(holder, url);
    }
    default:
      throw new Refused('unknown', `the launcher knows no "${message.type}"`);
  }
}

/** Serves the launcher link on a Unix socket. */
export async function serveCommands(socket: string, commands: Commands): Promise<CommandLink> {
  const peers = new Set<Peer>();
  // Each gateway's own: several act at a time, and a command is about a process, which is nobody's.
  const highestEpochs = new Map<unknown, number>();
  const checkEpoch = ({ holder, epoch }: LinkMessage) => {
    if (typeof epoch !== 'number') return;
    const highest = highestEpochs.get(holder) ?? Number.NEGATIVE_INFINITY;
    if (epoch < highest) {
      throw new Refused('epoch', `epoch ${epoch} is over: ${highest} has been seen, another gateway acts now`);
    }
    highestEpochs.set(holder, epoch);
  };
  const link = await serveLink(socket, {
    up(peer) {
      peers.add(peer);
      peer.send({ type: 'processes', items: commands.processes() });
    },
    down: (peer) => peers.delete(peer),
    async hear(message, _payload, peer) {
      try {
        checkEpoch(message);
        await obey(message, commands, peer);
      } catch (error) {
        const { ref } = message;
        if (error instanceof Refused) peer.send({ type: 'refused', ref, reason: error.reason, text: error.message });
        else if (error instanceof ShapeError) peer.send({ type: 'refused', ref, reason: 'shape', text: error.message });
        else peer.send({ type: 'refused', ref, reason: 'failed', text: String(error) });
      }
    },
  });
  const tell = (message: LinkMessage) => {
    for (const peer of peers) peer.send(message);
  };
  return {
    started: (name, pid) => tell({ type: 'started', name, pid }),
    exited: ({ name, at, code, signal, text, restartMs }) =>
      tell({ type: 'exited', name, at, code, signal, text, restart_ms: restartMs ?? null }),
    encoder: {
      made: (name, mediaMs) => tell({ type: 'encoder-made', name, media_ms: mediaMs }),
      ended: (name, detail) => tell({ type: 'encoder-ended', name, detail }),
    },
    close: () => link.close(),
  };
}
