import type { RelayRole } from '../../bus/events/relay.ts';
import { id } from '../../bus/identity.ts';
import type { Findings } from './complete.ts';
import type { Settings } from './declaration.ts';
import type { ConfiguredRelay, RelayPorts } from './model.ts';
import { remoteAddresses } from './remote-relays.ts';

/** How far apart the default ports of relays of the same role are. */
const NEXT_RELAY = 20;

const UDP = new Set(['srt', 'webrtcUdp']);

/**
 * The relays of this installation: what the file lists, and one of each role where it lists none. The first of a role
 * has the ports of the `ports` section, the next one 20 above, unless it says otherwise.
 */
export function resolveRelays(settings: Settings, findings: Findings): ConfiguredRelay[] {
  const listed = settings.relays.map((relay, index) => ({ relay, index }));
  const relays: ConfiguredRelay[] = [];
  const add = (relay: Omit<Settings['relays'][number], 'ports'> & { ports?: object }, index?: number) => {
    const isBefore = (other: ConfiguredRelay) =>
      other.role === relay.role && other.embedded && other.host === relay.host;
    const before = relays.filter(isBefore).length;
    const { rtsps, rtmps, ...ports } = {
      ...defaultPorts(settings.ports, relay.role, before * NEXT_RELAY),
      ...ownPorts(relay.ports),
    };
    const safe = { ...(rtsps === undefined ? {} : { rtsps }), ...(rtmps === undefined ? {} : { rtmps }) };
    if (relays.some((other) => other.id === relay.id)) {
      findings.faults.push({
        path: ['relays', index ?? 0, 'id'],
        part: 'value',
        message: `two relays are called "${relay.id}"`,
      });
    }
    checkHost(settings, relay, index ?? 0, findings);
    const remote = index === undefined ? undefined : remoteAddresses(relay, index, findings);
    const whepPublic = relay.whep_public?.replace(/\/+$/, '');
    if (whepPublic !== undefined && !remote && settings.http.public_url === undefined) {
      const message = 'needs http.public_url: the relay lets in pages of that address alone';
      findings.faults.push({ path: ['relays', index ?? 0, 'whep_public'], part: 'value', message });
    }
    relays.push({
      id: id(relay.id),
      role: relay.role,
      region: relay.region ?? settings.regions.default,
      weight: relay.weight,
      ...(relay.max_readers === undefined ? {} : { maxReaders: relay.max_readers }),
      drain: relay.drain,
      ...(relay.pull ? { pull: relay.pull === true ? [] : relay.pull } : {}),
      embedded: relay.api === undefined,
      ...(remote ? { remote } : {}),
      ...(whepPublic === undefined ? {} : { whepPublic }),
      ...(relay.host === undefined ? {} : { host: relay.host }),
      ports: settings.http.tls ? { ...ports, ...safe } : ports,
    });
  };
  for (const { relay, index } of listed) add(relay, index);
  for (const [role, name] of [
    ['intake', 'intake-1'],
    ['delivery', 'relay-1'],
  ] as const) {
    if (relays.some((relay) => relay.role === role)) continue;
    if (!settings.cluster) add({ id: name, role, weight: 1, drain: false });
    for (const host of Object.keys(settings.cluster?.hosts ?? {})) {
      add({ id: name.replace('1', host), role, weight: 1, drain: false, host });
    }
  }
  checkCollisions(settings, relays, findings);
  return relays;
}

/** Where there are several machines, it is said of each relay of ours which one runs it. */
function checkHost({ cluster }: Settings, relay: RelayHost, index: number, { faults }: Findings): void {
  const fault = (message: string) => void faults.push({ path: ['relays', index, 'host'], part: 'value', message });
  const names = Object.keys(cluster?.hosts ?? {});
  if (relay.api !== undefined) {
    if (relay.host !== undefined) fault('is for a relay that one of our hosts runs; this one has addresses');
  } else if (cluster && (relay.host === undefined || !names.includes(relay.host))) {
    fault(`says which of cluster.hosts runs relay ${relay.id}: ${names.join(', ')}`);
  }
}

type RelayHost = Pick<Settings['relays'][number], 'id' | 'api' | 'host'>;

function defaultPorts(ports: Settings['ports'], role: RelayRole, above: number): RelayPorts {
  const delivery = role === 'delivery';
  const first = {
    rtsp: delivery ? ports.rtsp : ports.intake_rtsp,
    rtsps: delivery ? ports.rtsps : ports.intake_rtsps,
    ...(delivery ? {} : { rtmps: ports.intake_rtmps }),
    srt: delivery ? ports.srt : ports.intake_srt,
    rtmp: delivery ? ports.rtmp : ports.intake_rtmp,
    webrtcUdp: delivery ? ports.webrtc_udp : ports.intake_webrtc_udp,
    whep: delivery ? ports.whep : ports.intake_whep,
    hls: delivery ? ports.hls : ports.intake_hls,
    api: delivery ? ports.api : ports.intake_api,
    metrics: delivery ? ports.metrics : ports.intake_metrics,
  };
  const raised = Object.entries(first).map(([name, port]) => [name, port + above]);
  return Object.fromEntries(raised) as RelayPorts;
}

function ownPorts(ports: Settings['relays'][number]['ports'] = {}): Partial<RelayPorts> {
  const { webrtc_udp: webrtcUdp, ...others } = ports;
  return { ...others, ...(webrtcUdp === undefined ? {} : { webrtcUdp }) };
}

/** Two servers on one port: told here, by the names of both settings, and not by whoever starts second. */
function checkCollisions(settings: Settings, relays: ConfiguredRelay[], findings: Findings): void {
  const taken = new Map<string, string>();
  const take = (port: number, setting: string, transport = 'tcp') => {
    const other = taken.get(`${transport} ${port}`);
    if (other) {
      const message = `port ${port} is used twice, by ${other} and by ${setting}: move one of them`;
      findings.faults.push({
        path: setting.startsWith('ports.') ? setting.split('.') : ['relays'],
        part: 'value',
        message,
      });
    } else taken.set(`${transport} ${port}`, setting);
  };
  const portIn = (listen: string) => Number(listen.slice(listen.lastIndexOf(':') + 1));
  for (let gateway = 0; gateway < settings.gateways; gateway++) {
    take((settings.http.port ?? portIn(settings.http.listen)) + gateway, 'http.listen');
    if (settings.metrics.listen) take(portIn(settings.metrics.listen) + gateway, 'metrics.listen');
  }
  take(settings.ports.jwks, 'ports.jwks');
  if (settings.nats === 'embedded') take(settings.ports.nats, 'ports.nats');
  if (settings.redis === 'embedded') take(settings.ports.redis, 'ports.redis');
  for (const relay of relays.filter((each) => each.embedded && (!settings.cluster || each.host === settings.host))) {
    for (const [name, port] of Object.entries(relay.ports)) {
      take(port, `${name} of relay ${relay.id}`, UDP.has(name) ? 'udp' : 'tcp');
    }
  }
}
