import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { readConfig } from '../../infra/config.ts';

const compose = parse(readFileSync(path.resolve(import.meta.dirname, '../../infra/compose.yaml'), 'utf8'), {
  merge: true,
});

describe('infra/compose.yaml', () => {
  it('runs three gateways on a cluster of three nats-servers, with a configuration that is accepted', () => {
    const config = readConfig('/etc/signalbox.yaml', compose.configs.signalbox.content, {});
    expect(config.gateways).to.equal(3);
    expect(config.nats).to.deep.equal({
      servers: ['nats-1', 'nats-2', 'nats-3'].map((name) => `nats://${name}:4222`),
      replicas: 3,
    });
    const hosts = config.nats === 'embedded' ? [] : config.nats.servers.map((server) => new URL(server).hostname);
    expect(Object.keys(compose.services)).to.include.members([...hosts, 'redis', 'signalbox']);
    expect(compose.services.signalbox.depends_on).to.include.members([...hosts, 'redis']);
    expect(config.relays.map(({ id, role }) => `${id} ${role}`)).to.deep.equal([
      'intake-1 intake',
      'relay-1 delivery',
      'relay-2 delivery',
    ]);
  });

  it('publishes the ports on which these gateways and relays listen', () => {
    const [published, ...media] = compose.services.signalbox.ports;
    const { http, gateways, relays } = readConfig('/etc/signalbox.yaml', compose.configs.signalbox.content, {});
    expect(published).to.equal(
      `127.0.0.1:${http.port}-${http.port + gateways - 1}:${http.port}-${http.port + gateways - 1}`,
    );
    for (const { role, ports } of relays) {
      if (role === 'delivery') {
        expect(media).to.include.members([`${ports.rtsp}:${ports.rtsp}`, `${ports.webrtcUdp}:${ports.webrtcUdp}/udp`]);
      }
    }
  });
});
