import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { readConfig } from '../../infra/config.ts';
import { adaptiveReach } from '../../infra/gateway/relay-reach.ts';

const file = path.resolve(import.meta.dirname, '../../infra/compose.yaml');
const compose = parse(readFileSync(file, 'utf8'), { merge: true });
const configOf = (host: string) =>
  readConfig('/etc/signalbox.yaml', compose.configs.signalbox.content, compose.services[host].environment);

describe('infra/compose.yaml', () => {
  it('runs two hosts of two gateways on a cluster of three nats-servers, with a configuration that is accepted', () => {
    for (const host of ['a', 'b']) {
      const config = configOf(host);
      expect([config.host, config.gateways]).to.deep.equal([host, 2]);
      expect(config.nats).to.deep.equal({
        servers: ['nats-1', 'nats-2', 'nats-3'].map((name) => `nats://${name}:4222`),
        replicas: 3,
      });
      const servers = config.nats === 'embedded' ? [] : config.nats.servers.map((server) => new URL(server).hostname);
      expect(Object.keys(compose.services)).to.have.members([...servers, 'redis', 'a', 'b', 'edge']);
      expect(compose.services[host].depends_on).to.include.members([...servers, 'redis']);
      expect(config.relays.map((relay) => `${relay.id} ${relay.role} ${relay.host}`)).to.deep.equal([
        'intake-a intake a',
        'relay-a delivery a',
        'intake-b intake b',
        'relay-b delivery b',
      ]);
    }
  });

  it('gives each host the address under which the others reach it, a data folder of its own, and the key of all', () => {
    const { cluster } = configOf('a');
    expect(compose.secrets['cluster-key'].file, 'not where an image is built from').to.match(/^\/etc\//);
    for (const host of ['a', 'b']) {
      const { networks, volumes, secrets } = compose.services[host];
      expect(networks.default.ipv4_address).to.equal(cluster?.hosts[host]?.address);
      expect(volumes).to.deep.equal([`${host}:/state`]);
      expect(secrets).to.deep.equal([path.basename(cluster?.keyFile ?? '')]);
    }
  });

  it('publishes the ports on which these gateways and relays listen, each once', () => {
    const published = ['a', 'b'].flatMap((host) => compose.services[host].ports as string[]);
    expect(new Set(published.map((port) => port.split(':').at(-2))).size).to.equal(published.length);
    for (const host of ['a', 'b']) {
      const config = configOf(host);
      const { http, gateways, relays } = config;
      const { min, max } = adaptiveReach(config).ports ?? {};
      expect(adaptiveReach(config).hosts).to.deep.equal(['stream.example.com']);
      const [pages, ...media] = compose.services[host].ports;
      expect(pages).to.match(new RegExp(`^127\\.0\\.0\\.1:[0-9-]+:${http.port}-${http.port + gateways - 1}$`));
      for (const relay of relays.filter(({ role, host: on }) => role === 'delivery' && on === host)) {
        const { rtsp, webrtcUdp } = relay.ports;
        expect(media).to.have.members([
          ...[`${rtsp}:${rtsp}`, `${webrtcUdp}:${webrtcUdp}/udp`],
          `${min}-${max}:${min}-${max}/udp`,
        ]);
      }
    }
  });

  it('is taken by Compose itself, where it is here', function () {
    this.timeout(20_000);
    if (spawnSync('docker', ['compose', 'version']).status !== 0) {
      console.log('      left out: docker has no compose here');
      this.skip();
    }
    const { status, stderr } = spawnSync('docker', ['compose', '-f', file, 'config', '--quiet'], { encoding: 'utf8' });
    expect([status, stderr]).to.deep.equal([0, '']);
  });
});
