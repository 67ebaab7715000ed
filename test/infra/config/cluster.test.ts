import { expect } from 'chai';
import { ConfigError } from '../../../infra/config/fault.ts';
import { readConfig } from '../../../infra/config.ts';

const STORES = 'nats: { servers: [nats://10.0.0.9:4222] }\nredis: redis://10.0.0.9:6379\n';
const HOSTS =
  'cluster:\n  key_file: cluster.key\n  hosts: { a: 10.0.0.1, b: { address: 10.0.0.2:9000, public_host: b.example.com } }\n';
const OPEN = 'auth: local\nmedia: { insecure: true }\n';
const whole = `${STORES}${HOSTS}${OPEN}`;
const read = (text: string, env: Record<string, string> = {}) => readConfig('/etc/sbx.yaml', text, env);

describe('a configuration for several machines', () => {
  it('is the same file everywhere: each machine is told apart by its name, in the file or the environment', () => {
    const { cluster, host, media } = read(`host: a\n${whole}`);
    expect(cluster).to.deep.equal({
      keyFile: '/etc/cluster.key',
      hosts: {
        a: { address: '10.0.0.1', port: 9989, publicHost: '10.0.0.1' },
        b: { address: '10.0.0.2', port: 9000, publicHost: 'b.example.com' },
      },
    });
    expect([host, media.host]).to.deep.equal(['a', '10.0.0.1']);
    expect(read(whole, { SIGNALBOX_HOST: 'b' }).media.host).to.equal('10.0.0.2');
  });

  it('has an intake and a delivery relay on each of them unless it says otherwise, on the same ports', () => {
    const shown = (text: string) =>
      read(text).relays.map(({ id, host, ports }) => `${id} on ${host}, API ${ports.api}`);
    expect(shown(`host: a\n${whole}`)).to.deep.equal([
      'intake-a on a, API 9987',
      'intake-b on b, API 9987',
      'relay-a on a, API 9997',
      'relay-b on b, API 9997',
    ]);
    const listed = 'relays: [{ id: one, host: b }, { id: two, host: b }, { id: in, role: intake, host: a }]\n';
    expect(shown(`host: a\n${whole}${listed}`)).to.deep.equal([
      'one on b, API 9997',
      'two on b, API 10017',
      'in on a, API 9987',
    ]);
  });

  it('warns that pictures and tokens go over that network in the clear', () => {
    const { warnings } = read(`host: a\n${whole}`);
    expect(warnings.filter((warning) => warning.includes('without encryption'))).to.have.length(2);
  });

  const wrong: [what: string, text: string, expected: RegExp][] = [
    ['which of them this is not', whole, /host: says which of cluster\.hosts this machine is \(a, b\)/],
    ['a name that is not among them', `host: c\n${whole}`, /host: says which of cluster\.hosts/],
    ['a NATS of its own', `host: a\nredis: redis://10.0.0.9:6379\n${HOSTS}${OPEN}`, /nats: is shared by all hosts/],
    ['a Redis of its own', `host: a\nnats: { servers: [nats://10.0.0.9:4222] }\n${HOSTS}${OPEN}`, /redis: is shared/],
    [
      'an address that everybody can listen on',
      `host: a\n${whole.replace('10.0.0.1', '203.0.113.7')}`,
      /private network/,
    ],
    ['no address at all', `host: a\n${whole.replace('10.0.0.1', '999.0.0.1')}`, /expected an IP address/],
    [
      'a relay that nobody runs',
      `host: a\n${whole}relays: [{ id: one }]\n`,
      /says which of cluster\.hosts runs relay one/,
    ],
    ['a relay’s host without the others', 'relays: [{ id: one, host: a }]\n', /goes with "cluster"/],
    [
      'media on one address for all',
      `host: a\n${whole.replace('{ insecure', '{ listen: 10.0.0.1, insecure')}`,
      /0\.0\.0\.0/,
    ],
    [
      'media in the clear without saying so',
      `host: a\n${STORES}${HOSTS}auth: local\n`,
      /RTSP on 10\.0\.0\.1 without TLS/,
    ],
  ];
  for (const [what, text, expected] of wrong) {
    it(`refuses ${what}`, () => {
      expect(() => read(text)).to.throw(ConfigError, expected);
    });
  }
});
