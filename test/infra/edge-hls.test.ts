import { expect } from 'chai';
import { edgeSettings } from '../../infra/nginx/edge.ts';

const ORIGINS = [{ address: '127.0.0.1:8080', weight: 1 }];
const settings = edgeSettings({
  ...{ listen: '127.0.0.1:8081', origins: ORIGINS, regions: { networks: {} }, trustedProxies: [], cache: '/cache' },
});

/** What stands in the location of this file of a camera, without its signed folder. */
function locationOf(file: string): string {
  const uri = `/hls/cam_001/ses_1/1795660902/c2lnbmF0dXJl/${file}`;
  const [, , inside] = [...settings.matchAll(/location ~ "(.*)" \{([^}]*)\}/g)].find(([, pattern = '']) =>
    // JavaScript spells named groups as nginx does.
    new RegExp(pattern).test(uri),
  ) ?? ['', '', ''];
  expect(inside, `a location for ${file}`).to.not.equal('');
  return inside ?? '';
}

/** What stands in this location. */
function block(name: string): string {
  const from = settings.indexOf(`location ${name} {`);
  expect(from, `location ${name}`).to.be.at.least(0);
  return settings.slice(from, settings.indexOf('\n    }', from));
}

describe('the configuration of an edge for HLS', () => {
  it('logs nothing that belongs to a request: its line holds a signature, whatever the level', () => {
    const http = settings.slice(settings.indexOf('\nhttp {'));
    // Below emerg, crit and alert included, nginx writes the request and the upstream's address behind a message.
    expect(http.match(/error_log .*/g)).to.deep.equal(['error_log "/cache/error.log" emerg;']);
    expect(http.match(/access_log .*/g)).to.deep.equal(['access_log "/cache/failed.log" failed if=$has_failed;']);
    const said = /log_format failed '(.*)';/.exec(http)?.[1]?.match(/\$\w+/g);
    expect(said).to.have.members([
      '$time_iso8601',
      '$status',
      '$upstream_addr',
      '$upstream_status',
      '$camera',
      '$file',
    ]);
    expect(settings.slice(0, settings.indexOf('\nhttp {')), 'what nginx itself has to say').to.match(
      /^error_log "\/cache\/error\.log" warn;$/m,
    );
  });

  it('asks for what it keeps, and for nothing else: no spelling of an address puts another answer in its place', () => {
    for (const file of ['480p.m3u8', '480p_1.m4s', 'relay-1/720p/video1_stream.m3u8']) {
      const inside = locationOf(file);
      const kept = /proxy_cache_key (.*);/.exec(inside)?.[1];
      expect(kept, file).to.match(/^\$camera\/\$file/);
      const asked = /proxy_pass http:\/\/gateways(.*);/.exec(inside)?.[1];
      expect(asked, file).to.equal(`/hls/${kept?.replace('$camera/', '$camera/$pass/')}`);
    }
  });

  it('asks for what a reload with low latency waits for, with those directives alone that there are', () => {
    const query = /proxy_cache_key .*\?(.*);/.exec(locationOf('relay-1/720p/video1_stream.m3u8'))?.[1] ?? '';
    const directives = (query.match(/\$\w+/g) ?? []).map(
      (name) =>
        new RegExp(`map (\\$arg_\\w+) \\${name} {\\s+"" "";\\s+default (\\S+);`).exec(settings)?.slice(1) ?? [name],
    );
    expect(directives).to.deep.equal([
      ['$arg__HLS_msn', '_HLS_msn=$arg__HLS_msn'],
      ['$arg__HLS_part', '&_HLS_part=$arg__HLS_part'],
      ['$arg__HLS_skip', '&_HLS_skip=$arg__HLS_skip'],
    ]);
  });

  it('gives out a copy where a gateway hangs or says 503, for as long as it may, and never without a right', () => {
    for (const opening of [locationOf('480p.m3u8'), block('= /_check')]) {
      expect(opening)
        .to.match(/proxy_read_timeout 4s;/)
        .and.to.match(/proxy_intercept_errors on;/);
      const copy = block(/error_page 503 = (@\w+);/.exec(opening)?.[1] ?? '');
      expect(copy, 'stale-if-error bounds what is served while nobody answers').to.include('proxy_pass http://nobody;');
      for (const directive of ['proxy_cache', 'proxy_cache_key']) {
        const said = new RegExp(`${directive} .*;`);
        expect(said.exec(copy)?.[0], 'the same copy').to.equal(said.exec(opening)?.[0]).and.to.be.a('string');
      }
    }
    expect(block('@copy')).to.include('auth_request /_check;');
    expect(settings).to.match(/upstream nobody \{\s+server \S+ down;\s+\}/);
    // It would know no bound; and a check that fails is a 500 of nginx itself.
    expect(settings).to.not.match(/proxy_cache_use_stale (?!updating;)/);
    expect(settings.match(/error_page (?!503 )/g)).to.equal(null);
  });

  it('has time for what is waited for: the master playlist, and a reload with low latency', () => {
    expect(locationOf('relay-1/720p/video1_stream.m3u8')).to.not.include('proxy_read_timeout');
    expect(locationOf('master.m3u8')).to.not.include('proxy_read_timeout');
    expect(settings).to.match(/^ {2}proxy_read_timeout 30s;$/m);
  });

  it('is told within what it waits when a gateway waits for something, so that this one is not taken for hung', () => {
    const [, pattern = '', waitS] =
      /map \$file \$patience \{\s+~(\S+) "wait=(\d+)";\s+default "";/.exec(settings) ?? [];
    expect(settings).to.match(/^ {2}proxy_set_header Prefer \$patience;$/m);
    expect(new RegExp(pattern).test('480p.m3u8')).to.equal(true);
    for (const other of ['', 'relay-1/720p/x.m3u8']) expect(new RegExp(pattern).test(other), other).to.equal(false);
    // A second for the way to another host's gateway, and one for the way to the edge.
    expect(Number(waitS) + 2).to.be.at.most(4);
  });
});
