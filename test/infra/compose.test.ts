import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { adaptiveReach } from '../../infra/gateway/media/relay-reach.ts';
import { compose, composeFile, configOf, fileBehind, namesIn, serviceNamed } from '../fixtures/compose.ts';

const HOSTS = ['a', 'b', 'c'];
const NATS = ['nats-1', 'nats-2', 'nats-3'];

/** The ports of the machine that a service takes. */
const published = (name: string): string[] =>
  serviceNamed(name).ports.map((port) => `${port.split(':').at(-2)}${port.endsWith('/udp') ? '/udp' : ''}`);

describe('infra/compose.yaml', () => {
  it('runs one node, the image alone with a data folder, by a configuration that is accepted', () => {
    expect(namesIn('one')).to.deep.equal(['signalbox']);
    const { volumes, hostname } = serviceNamed('signalbox');
    expect(volumes).to.deep.equal(['./compose/one:/etc/signalbox:ro', 'state:/state']);
    expect(hostname, 'else its gateway has another name in each new container').to.equal('signalbox');
    const { nats, redis, relays, cluster, warnings } = configOf('signalbox');
    expect({ nats, redis, cluster, warnings }).to.deep.equal({
      ...{ nats: 'embedded', redis: 'embedded' },
      ...{ cluster: undefined, warnings: [] },
    });
    expect(relays.map(({ id }) => id)).to.deep.equal(['intake-1', 'relay-1']);
  });

  it('lets only this machine reach what one node does not encrypt', () => {
    const { http, relays } = configOf('signalbox');
    const clear = [http.port, ...relays.flatMap(({ ports }) => [ports.rtsp, ports.rtmp, ports.srt])].map(String);
    for (const port of serviceNamed('signalbox').ports) {
      const isClear = clear.includes(port.split(':').at(-1)?.replace('/udp', '') ?? '');
      expect(port.startsWith('127.0.0.1:'), port).to.equal(isClear);
    }
  });

  it('runs three hosts of a gateway each on a cluster of three nats-servers, by a configuration that is accepted', () => {
    expect(namesIn('cluster')).to.have.members([...HOSTS, ...NATS, 'redis', 'edge']);
    for (const host of HOSTS) {
      const config = configOf(host);
      expect([config.host, config.gateways]).to.deep.equal([host, 1]);
      expect(config.nats).to.deep.equal({ servers: NATS.map((name) => `nats://${name}:4222`), replicas: 3 });
      expect(config.redis).to.deep.equal({ url: 'redis://redis:6379' });
      expect(serviceNamed(host).depends_on).to.have.members([...NATS, 'redis']);
      expect(config.relays.map((relay) => `${relay.id} ${relay.role} ${relay.host}`)).to.have.members(
        HOSTS.flatMap((name) => [`intake-${name} intake ${name}`, `relay-${name} delivery ${name}`]),
      );
    }
  });

  it('gives each nats-server a name of its own, and the way to the others', () => {
    for (const name of NATS) {
      const settings = readFileSync(fileBehind(name, '/etc/nats/nats.conf'), 'utf8');
      expect(settings).to.match(/^server_name: \$NAME$/m);
      expect(serviceNamed(name).environment).to.deep.equal({ NAME: name });
      expect(settings.match(/nats-\d(?=:6222)/g)).to.deep.equal(NATS);
    }
  });

  it('gives each host the address under which the others reach it, a data folder of its own, and the key of all', () => {
    const { cluster } = configOf('a');
    expect(Object.keys(cluster?.hosts ?? {})).to.deep.equal(HOSTS);
    expect(compose.secrets['cluster-key']?.file, 'not where an image is built from').to.match(/^\/etc\//);
    for (const host of HOSTS) {
      const { networks, volumes, secrets } = serviceNamed(host);
      expect(networks.hosts.ipv4_address).to.equal(cluster?.hosts[host]?.address);
      expect(volumes).to.include(`state-${host}:/state`);
      expect(secrets).to.deep.equal([path.basename(cluster?.keyFile ?? '')]);
    }
  });

  it('publishes the ports on which gateways and relays listen, each once', () => {
    for (const profile of ['one', 'cluster']) {
      const services = namesIn(profile).filter((name) => serviceNamed(name).ports);
      const ports = services.flatMap(published);
      expect(new Set(ports).size, profile).to.equal(ports.length);
    }
    for (const name of ['signalbox', ...HOSTS]) {
      const config = configOf(name);
      const relays = config.relays.filter(({ role, host }) => role === 'delivery' && host === config.host);
      const { min, max } = adaptiveReach(config).ports ?? {};
      const inside = serviceNamed(name).ports.map((port) => port.split(':').at(-1));
      expect(inside, name).to.have.members([
        `${config.http.port}`,
        ...relays.flatMap(({ ports }) => [`${ports.rtsp}`, `${ports.webrtcUdp}/udp`]),
        `${min}-${max}/udp`,
      ]);
      // What an address that is handed out says is what stands outside.
      const media = serviceNamed(name).ports.filter((port) => !port.endsWith(`:${config.http.port}`));
      expect(media.map((port) => port.split(':').at(-2))).to.deep.equal(
        media.map((port) => port.split(':').at(-1)?.replace('/udp', '')),
      );
    }
    expect(adaptiveReach(configOf('a')).hosts).to.deep.equal(['stream.example.com']);
  });

  // Compose takes `a:/state` for a path of Windows, and the data would go with the container.
  it('keeps data in volumes whose names are longer than a letter', () => {
    const named = Object.values(compose.services).flatMap(({ volumes = [] }) =>
      volumes.filter((one) => /^\w/.test(one)),
    );
    const names = named.map((one) => one.split(':')[0] ?? '');
    expect(new Set(names)).to.deep.equal(new Set(Object.keys(compose.volumes)));
    expect(names.filter((name) => name.length < 2)).to.deep.equal([]);
    expect(new Set(names).size, 'each has its own').to.equal(names.length);
  });

  // Compose writes inline contents into the container, and refuses to where the root file system is read-only.
  it('gives its containers files that are here, none that Compose would have to write into them', () => {
    expect(compose.configs).to.equal(undefined);
    for (const [name, { volumes = [] }] of Object.entries(compose.services)) {
      for (const volume of volumes.filter((one) => one.startsWith('.'))) {
        const [source = '', target, mode] = volume.split(':');
        expect(existsSync(path.join(path.dirname(composeFile), source)), `${name}: ${source}`).to.equal(true);
        expect(mode, `${name}: ${target}`).to.equal('ro');
      }
    }
  });

  for (const profile of ['one', 'cluster']) {
    it(`is taken by Compose itself, where it is here: ${profile}`, function () {
      this.timeout(20_000);
      if (spawnSync('docker', ['compose', 'version']).status !== 0) {
        console.log('      left out: docker has no compose here');
        this.skip();
      }
      const words = ['compose', '-f', composeFile, '--profile', profile, 'config', '--services'];
      const { status, stdout, stderr } = spawnSync('docker', words, { encoding: 'utf8' });
      expect([status, stderr]).to.deep.equal([0, '']);
      expect(stdout.trim().split('\n')).to.have.members(namesIn(profile));
    });
  }
});
