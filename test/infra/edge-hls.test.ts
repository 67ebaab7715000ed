import { expect } from 'chai';
import { edgeSettings } from '../../infra/nginx/edge.ts';

const ORIGINS = [{ address: '127.0.0.1:8080', weight: 1 }];
const settings = edgeSettings({
  ...{ listen: '127.0.0.1:8081', origins: ORIGINS, regions: { networks: {} }, trustedProxies: [], cache: '/cache' },
});

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
});
