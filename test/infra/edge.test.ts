import { expect } from 'chai';
import { readConfig } from '../../infra/config.ts';
import { edgeSettings } from '../../infra/nginx/edge.ts';
import { clientRegions, type Server } from '../../infra/nginx/regions.ts';
import { offeredRelays } from '../../infra/nginx/rtsp.ts';

const REGIONS = 'regions: { default: hcm, networks: { 14.0.0.0/8: hcm, 1.0.0.0/8: hanoi, 1.2.0.0/16: danang } }\n';
const RELAYS = 'relays: [{ id: a, region: hanoi, weight: 2 }, { id: b, region: hcm }, { id: c, drain: true }]\n';
const TWO: Server[] = [
  { address: '10.0.0.5:8080', weight: 2, region: 'hanoi' },
  { address: '10.0.0.6:8080', weight: 1, region: 'hcm' },
];
const read = (text: string) => readConfig('/etc/sbx.yaml', `cameras: {}\n${text}`, {});

/** What stands between the braces of a directive, line by line. */
function block(settings: string, opening: string): string[] {
  const from = settings.indexOf(`${opening} {\n`);
  expect(from, `"${opening}" in\n${settings}`).to.be.at.least(0);
  const inside = settings.slice(from + opening.length + 3);
  return inside
    .slice(0, inside.search(/^ {2}\}/m))
    .trim()
    .split('\n')
    .map((line) => line.trim());
}

/** An edge before gateways in two regions, and before the relays of a configuration. */
function settingsOf(text: string, { origins = TWO, module = '/modules/ngx_stream_module.so' } = {}): string {
  const config = read(text);
  const regions = clientRegions(config.regions);
  const { trustedProxies } = config.http;
  const rtsp = { listen: '127.0.0.1:8555', relays: offeredRelays(config), regions, ...(module ? { module } : {}) };
  return edgeSettings({ listen: '127.0.0.1:8081', origins, regions, trustedProxies, cache: '/cache', rtsp });
}

const servers = (lines: string[]) => lines.filter((line) => line.startsWith('server '));

describe('the configuration of an edge for two regions', () => {
  const settings = settingsOf(REGIONS + RELAYS);

  it('leads HLS players to the gateways of the region of their network, others to the default region', () => {
    expect(block(settings, 'geo $gateways')).to.deep.equal([
      'default gateways_hcm;',
      '14.0.0.0/8 gateways_hcm;',
      '1.0.0.0/8 gateways_hanoi;',
      '1.2.0.0/16 gateways;', // a region without gateways: any of them
    ]);
    // Beside them a copy is asked of nobody.
    const asked = settings.match(/proxy_pass http:\/\/(?!nobody;)[^/;]+/g);
    expect(asked).to.have.length.above(3);
    expect(new Set(asked)).to.deep.equal(new Set(['proxy_pass http://$gateways']));
  });

  it('has all gateways by their weight, and in a region those of others for when its own are gone', () => {
    const [hanoi, hcm] = [
      'server 10.0.0.5:8080 weight=2 max_fails=1 fail_timeout=1s',
      'server 10.0.0.6:8080 weight=1 max_fails=1 fail_timeout=1s',
    ];
    expect(servers(block(settings, 'upstream gateways'))).to.deep.equal([`${hanoi};`, `${hcm};`]);
    expect(servers(block(settings, 'upstream gateways_hanoi'))).to.deep.equal([`${hanoi};`, `${hcm} backup;`]);
    expect(servers(block(settings, 'upstream gateways_hcm'))).to.deep.equal([`${hcm};`, `${hanoi} backup;`]);
  });

  it('leads RTSP clients to the delivery relays of their region that take viewers, by weight', () => {
    expect(block(settings, 'geo $relays')).to.deep.equal([
      'default relays_hcm;',
      '14.0.0.0/8 relays_hcm;',
      '1.0.0.0/8 relays_hanoi;',
      '1.2.0.0/16 relays;',
    ]);
    const [a, b] = [
      'server 127.0.0.1:8554 weight=2 max_fails=1 fail_timeout=2s',
      'server 127.0.0.1:8574 weight=1 max_fails=1 fail_timeout=2s',
    ];
    expect(servers(block(settings, 'upstream relays'))).to.deep.equal([`${a};`, `${b};`]);
    expect(servers(block(settings, 'upstream relays_hanoi'))).to.deep.equal([`${a};`, `${b} backup;`]);
    expect(settings).to.match(/listen 127\.0\.0\.1:8555;\s+proxy_pass \$relays;/);
  });

  it('loads the stream module where it is a file, and not where it is built in', () => {
    expect(settings).to.match(/^load_module "\/modules\/ngx_stream_module\.so";$/m);
    expect(settingsOf(REGIONS + RELAYS, { module: '' }))
      .to.include('stream {')
      .and.not.include('load_module');
  });

  it('leaves who is outside of the networks to all by weight where a database would tell the region', () => {
    const { regions } = read(REGIONS);
    expect(clientRegions(regions).elsewhere).to.equal('hcm');
    expect(clientRegions({ ...regions, databases: ['/etc/GeoLite2-City.mmdb'] })).to.not.have.property('elsewhere');
  });

  it('believes trusted proxies alone about where an HLS player is', () => {
    const proxies = settingsOf(`http: { trusted_proxies: [10.0.0.2, 10.1.0.0/16] }\n${REGIONS}${RELAYS}`);
    expect(block(proxies, 'geo $gateways').slice(0, 3)).to.deep.equal([
      'proxy 10.0.0.2;',
      'proxy 10.1.0.0/16;',
      'proxy_recursive;',
    ]);
    expect(settings).to.not.include('proxy_recursive');
  });

  it('has no choice to make where all are in one region', () => {
    const origins = TWO.map(({ address, weight }) => ({ address, weight }));
    const plain = settingsOf(REGIONS, { origins });
    expect(plain).to.not.include('geo ');
    expect(plain).to.include('proxy_pass http://gateways;').and.include('proxy_pass relays;');
  });
});

describe('the relays behind an edge', () => {
  const shown = (text: string) =>
    offeredRelays(read(text)).map(({ address, weight, tls }) => `${tls ? 'rtsps' : 'rtsp'} ${address} ${weight}`);

  it('are those that somebody else runs, too, at their own address', () => {
    const remote =
      '{ id: r, api: "https://r.example.com:9997", rtsp: "rtsps://r.example.com", whep: "https://r.example.com:8889" }';
    expect(shown(`relays: [${remote}]\n`)).to.deep.equal(['rtsps r.example.com:322 1']);
  });

  it('keep the ratio of their weights where these are no whole numbers, and without weight take nobody', () => {
    const relays = 'relays: [{ id: a, weight: 0.5 }, { id: b, weight: 1 }, { id: c, weight: 0 }]\n';
    expect(shown(relays)).to.deep.equal(['rtsp 127.0.0.1:8554 50', 'rtsp 127.0.0.1:8574 100']);
  });

  it('are reached at their own hosts where there are several', () => {
    const cluster = `host: a
nats: { servers: [nats://10.0.0.9:4222] }
redis: redis://10.0.0.9:6379
cluster: { key_file: cluster.key, hosts: { a: 10.0.0.1, b: 10.0.0.2 } }
auth: local
media: { insecure: true }
`;
    expect(shown(cluster)).to.deep.equal(['rtsp 10.0.0.1:8554 1', 'rtsp 10.0.0.2:8554 1']);
  });
});
