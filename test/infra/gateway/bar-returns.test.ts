import { expect } from 'chai';
import { barReturns } from '../../../infra/gateway/bar-returns.ts';
import type { SeatInput } from '../../../machines/slots.ts';
import type { ViewerContext } from '../../../machines/viewer/context.ts';

const NOW = 1_700_000_000_000;

/** What is barred after a start for one session of a former gateway. */
function barredOf(session: Partial<ViewerContext>): SeatInput[] {
  const barred: SeatInput[] = [];
  const seat = (input: SeatInput) => ({ release: () => void barred.push(input) });
  const whole = { id: 'ses_1', relay: 'relay-1', state: 'ended', protocol: 'rtsp', since: NOW - 5_000, ...session };
  barReturns(seat, { expires_at: NOW + 90_000, ...whole } as ViewerContext, NOW);
  return barred;
}

describe('sessions that ended before the gateway started', () => {
  it('stay cut for as long as the token in an RTSP or SRT address would be believed', () => {
    expect(barredOf({})).to.deep.equal([{ session: 'ses_1', relay: 'relay-1', tokenLifeMs: 90_000 }]);
    expect(barredOf({ protocol: 'srt' })).to.deep.equal([{ session: 'ses_1', relay: 'relay-1', tokenLifeMs: 90_000 }]);
    expect(barredOf({ expires_at: NOW - 1 })).to.deep.equal([]);
  });

  it('stay cut for the minute of a WHEP token', () => {
    expect(barredOf({ protocol: 'webrtc' })).to.deep.equal([
      { session: 'ses_1', relay: 'relay-1', tokenLifeMs: 55_000 },
    ]);
    expect(barredOf({ protocol: 'whep', since: NOW - 61_000 })).to.deep.equal([]);
  });

  it('cost nothing when nobody was ever let in', () => {
    expect(barredOf({ state: 'denied', relay: '' })).to.deep.equal([]);
  });
});
