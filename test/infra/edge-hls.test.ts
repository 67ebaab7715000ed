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
});
