import type https from 'node:https';
import type { Roster } from '../../actors/roster.ts';
import type { Gate } from '../../adapters/gate.jsonwebtoken.ts';
import type { Written } from '../../adapters/recordings/written.ts';
import type { Id } from '../../bus/identity.ts';
import type { CameraContext } from '../../machines/camera/context.ts';
import { followCertificate } from '../certificate.ts';
import { runsHere } from '../group.ts';
import type { Server } from '../http/fastify.ts';
import { buildServer } from '../http/server.ts';
import { scopeOfReader } from '../nats/accounts.ts';
import { answerAsks } from './asks.ts';
import { openAudienceElsewhere } from './audience-elsewhere.ts';
import { type HttpParts, httpServices } from './http-services.ts';
import type { LauncherLink } from './launcher-link.ts';
import { openLegsElsewhere } from './legs-elsewhere.ts';
import { listenForMetrics, type Scraped } from './metrics-listener.ts';
import { meetNeighbours, type Neighbours } from './neighbours.ts';
import { askOthers } from './others.ts';
import { answerReaders } from './readers.ts';
import { tellWritten } from './written-elsewhere.ts';

/** What the doors open to. */
export interface DoorParts extends Omit<HttpParts, 'neighbours' | 'intakeFor'> {
  roster: Roster;
  launcher: Pick<LauncherLink, 'plug' | 'listens'>;
  /** What relays of this machine write. */
  written: Written;
}

/** The ways by which people, programs and other gateways come in, as they stand open. */
export interface Doors {
  /** No new requests; those that are being answered are waited for. */
  close(): Promise<void>;
}

/** Opens every door: HTTP here and for the gateways of other hosts, figures, asks over the bus and readers over NATS. */
export async function openDoors(parts: DoorParts): Promise<Doors> {
  const { group, config, carriers, cells, roster, gate, media, launcher, written, log } = parts;
  /** Where a camera that lives here is to be published. */
  const intakeFor = (camera: Id) => {
    const view = cells.view({ kind: 'camera', id: camera });
    const { publishers = {} } = (view?.context ?? {}) as Partial<CameraContext>;
    return media.intakes.taking(camera, Object.keys(publishers).length > 0);
  };
  let neighbours: Neighbours | undefined;
  const ask = askOthers({ node: group.node, bus: carriers.bus, gate, members: parts.tenure.members });
  const [legs, audience] = [openLegsElsewhere(ask), openAudienceElsewhere(ask)];
  const server = await buildServer({
    ...httpServices({ ...parts, intakeFor, neighbours: () => neighbours }),
    legsElsewhere: legs,
    audienceElsewhere: audience,
  });
  await launcher.listens().catch((err) => log.warn({ err }, 'whether somebody answers in this place is not known'));
  await server.listen({ host: group.http.host, port: group.http.port });
  neighbours = await meetNeighbours(group, server);
  const certificate = group.http.tls && followCertificate(server.server as https.Server, group.http.tls, log);
  const { metrics } = config();
  const figures =
    metrics &&
    (await listenForMetrics({ ...metrics, port: metrics.port + group.gateway - 1 }, () => scrape(server, gate)));
  /** Whether what an intake writes lies on this machine. */
  const runsIntake = (intake: string): boolean =>
    group.relays.some((place) => place.id === intake && runsHere(group, place));
  const asks = await answerAsks({
    ...{ bus: carriers.bus, cells, roster, gate, poster: media.poster, intake: intakeFor },
    written: (camera, question) => tellWritten(camera, question, runsIntake, written),
    leg: legs.hear,
    audience: audience.hear,
    config,
  });
  const readers = await answerReaders({
    ...{ readers: carriers.readers, facts: carriers.spool.facts, cells },
    scopeOf: (name) => scopeOfReader(config(), name),
  });
  return {
    async close() {
      certificate?.close();
      asks.close();
      readers.close();
      figures?.close();
      neighbours?.close();
      await server.close();
    },
  };
}

const SCRAPER = { sub: 'metrics', role: 'operator' as const, cameras: [], zones: [] };
const SCRAPER_TOKEN_S = 60;

/** What `/metrics` answers, for who holds no token. */
async function scrape(server: Server, gate: Pick<Gate, 'mintLogin'>): Promise<Scraped> {
  const headers = { host: 'localhost', authorization: `Bearer ${gate.mintLogin(SCRAPER, SCRAPER_TOKEN_S)}` };
  const { statusCode, headers: answered, body } = await server.inject({ url: '/metrics', headers });
  return { status: statusCode, type: String(answered['content-type']), text: body };
}
