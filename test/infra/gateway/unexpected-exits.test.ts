import { expect } from 'chai';
import { unexpectedExits } from '../../../infra/gateway/unexpected-exits.ts';

describe('programs that end though they are not meant to', () => {
  const nowMs = 1_800_000_000_000;
  const ends = [
    { name: 'gateway', at: nowMs - 1_000, text: 'ended with code 1: Error: x' },
    { name: 'gateway-2', at: nowMs - 1_000, text: 'was killed (SIGKILL)' },
    { name: 'switcher-1', at: nowMs - 2_000, text: 'crashed (SIGSEGV)' },
    { name: 'relay:relay-1', at: nowMs - 1_000, text: 'was killed (SIGKILL)' },
    { name: 'camera:cam_001:0', at: nowMs - 1_000, text: 'was killed (SIGKILL)' },
    { name: 'nats', at: nowMs - 60_000, text: 'was killed (SIGKILL)' },
  ];

  it('are told once each: by a gateway of itself, by the first of what serves all; relays tell of themselves', () => {
    expect(unexpectedExits(ends, { gateway: 'gateway', isFirst: true, nowMs })).to.equal(
      'gateway ended with code 1: Error: x; switcher-1 crashed (SIGSEGV); started again by itself',
    );
    expect(unexpectedExits(ends, { gateway: 'gateway-2', isFirst: false, nowMs })).to.equal(
      'gateway-2 was killed (SIGKILL); started again by itself',
    );
  });

  it('are told for a minute', () => {
    expect(unexpectedExits(ends, { gateway: 'gateway', isFirst: true, nowMs: nowMs + 60_000 })).to.equal(undefined);
  });
});
