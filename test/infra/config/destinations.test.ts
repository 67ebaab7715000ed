import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { addressOf } from '../../../adapters/push.mediamtx/address.ts';
import { destinationOf, withDemoDestination } from '../../../infra/config/destinations.ts';
import { ConfigError } from '../../../infra/config/fault.ts';
import { readConfig } from '../../../infra/config.ts';
import type { Group } from '../../../infra/group.ts';

const faultsOf = (destination: string): string => {
  try {
    readConfig('/etc/sbx.yaml', `destinations:\n  tv: ${destination}`, {});
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
};

describe('destinations of broadcasts', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sbx-destinations-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const address = (destination: string) => {
    const config = readConfig(path.join(folder, 'sbx.yaml'), `destinations:\n  tv: ${destination}`, {});
    const found = addressOf('tv', destinationOf(config, 'tv'), 'gate', async () => undefined);
    if ('fault' in found) throw new Error(found.fault);
    return found;
  };

  it('keep their secrets in files, which the relay alone gets, each where its protocol wants it', () => {
    writeFileSync(path.join(folder, 'key'), 'k&y\n');
    writeFileSync(path.join(folder, 'pass'), 'p ss-phrase\n');
    expect(address('{ to: rtmp://tv/live, key_file: key }').forward).to.deep.equal({ dest: 'rtmp://tv/live#k&y' });
    const srt = address('{ to: "srt://tv:9000?latency=200", key_file: key, passphrase_file: pass }');
    expect(srt.forward.dest).to.equal('srt://tv:9000?latency=200&streamid=k%26y&passphrase=p%20ss-phrase');
    expect(srt.hide(`dial ${srt.forward.dest}: p ss-phrase`)).not.to.match(/k%26y|ss-phrase/);
  });

  it('have a key for each camera where the file says so: a station takes one picture under a key', () => {
    writeFileSync(path.join(folder, 'each'), 'k3y-{camera}\n');
    const { forward, hide } = address('{ to: rtmp://tv/live, key_file: each }');
    expect(forward.dest).to.equal('rtmp://tv/live#k3y-gate');
    expect(hide('publishing k3y-gate failed')).to.equal('publishing … failed');
  });

  it('name a certificate as people copy it', () => {
    const print = `AB:${'cd'.repeat(31)}`;
    const { forward } = address(`{ to: rtmps://tv/live, fingerprint: "${print}" }`);
    expect(forward.destFingerprint).to.equal(`ab${'cd'.repeat(31)}`);
  });

  it('are refused when a secret stands in the address, or something belongs to another protocol', () => {
    expect(faultsOf('rtmp://u:p@tv/live')).to.match(/expected/);
    expect(faultsOf('{ to: rtmp://u:p@tv/live }')).to.match(/without user, password and key/);
    expect(faultsOf('{ to: "srt://tv:9000?passphrase=x" }')).to.match(/secrets stand in files/);
    expect(faultsOf('{ to: srt://tv }')).to.match(/needs a port/);
    expect(faultsOf('{ to: rtmp://tv/live, passphrase_file: p }')).to.match(/only SRT has a passphrase/);
    expect(faultsOf(`{ to: rtmp://tv/live, fingerprint: "${'ab'.repeat(32)}" }`)).to.match(/only RTMPS/);
  });

  it('are all the demo’s own station in the demo, with a page that shows what it receives', () => {
    const config = readConfig('/etc/sbx.yaml', 'destinations:\n  tv: { to: rtmp://tv/live, audio: silence }', {});
    const station = {
      to: 'rtmp://127.0.0.1:9/live',
      keyFile: '/k',
      stat: 'http://s/stat',
      monitor: 'http://s/m/#{camera}',
    };
    const { destinations } = withDemoDestination(config, { demoDestination: station } as Group);
    expect(destinations.tv).to.deep.include({ to: station.to, monitor: station.monitor, audio: 'silence' });
    expect(withDemoDestination(config, {} as Group)).to.equal(config);
  });

  it('say which secret can’t be read, and nothing of it', () => {
    const config = readConfig(
      path.join(folder, 'sbx.yaml'),
      'destinations:\n  tv: { to: rtmp://tv/live, key_file: none }',
      {},
    );
    expect(addressOf('tv', destinationOf(config, 'tv'), 'gate', async () => undefined)).to.deep.equal({
      fault: 'a secret of tv can’t be read (ENOENT)',
    });
  });
});
