import { chmodSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { throughDoor } from '../../bus/carriers/door.ts';
import { type Group, placeOfGateway } from '../group.ts';
import type { Server } from '../http/fastify.ts';

/** The gateways of other hosts, as those of this one ask them over HTTP for what lies on their machines. */
export interface Neighbours {
  /** The way to a gateway; undefined when it runs on this machine. */
  agentOf(node: string): http.Agent | undefined;
  close(): void;
}

const socketName = (gateway: number): string => `gateway-${gateway}.sock`;

/** A way to the HTTP of a gateway behind a door. */
class DoorAgent extends http.Agent {
  private readonly open: () => ReturnType<ReturnType<typeof throughDoor>['open']>;
  constructor(open: DoorAgent['open']) {
    super({ keepAlive: true, maxSockets: 64 });
    this.open = open;
  }
  override createConnection(): ReturnType<DoorAgent['open']> {
    return this.open();
  }
}

/** Has the gateways of other hosts answered behind the door, and finds theirs. Nothing where there is one host. */
export async function meetNeighbours({ cluster, links, gateway }: Group, server: Server): Promise<Neighbours> {
  if (!cluster) return { agentOf: () => undefined, close() {} };
  const socket = path.join(links.switchers, socketName(gateway));
  const inner = http.createServer((request, response) => server.routing(request, response));
  rmSync(socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    inner.once('error', reject);
    inner.listen(socket, resolve);
  });
  chmodSync(socket, 0o600);

  const secret = readFileSync(cluster.keyFile, 'utf8').trim();
  const agents = new Map<string, http.Agent>();
  return {
    agentOf(node) {
      const { host, gateway: number } = placeOfGateway(node);
      const place = cluster.hosts[host];
      if (host === cluster.host || !place) return undefined;
      const agent = agents.get(node) ?? new DoorAgent(throughDoor(place, socketName(number), secret).open);
      agents.set(node, agent);
      return agent;
    },
    close() {
      inner.close();
      inner.closeAllConnections();
      for (const agent of agents.values()) agent.destroy();
    },
  };
}
