import { expect } from 'chai';
import type { AnyEventObject } from 'xstate';
import { INCIDENT_TIMES, incidentMachine } from '../../machines/incident.ts';
import { given as came } from '../fakes/given.ts';

const given = (...heard: AnyEventObject[]) => came(incidentMachine, 'inc_1', ...heard);

const HOUR = 3_600_000;
const declared = {
  type: 'incident.declared',
  ...{ zone: 'hcm/*', cameras: ['gate'], reason: 'fire in hall 2', by: 'hoa', until: 1_000 + HOUR, drill: false },
  ...{ destinations: ['city-tv'], grants: { roles: [], subjects: [] }, at: 1_000 },
};
const raised = { type: 'incident.raised', cameras: 1, broadcasts: 1, best: true, failed: [] };
const rang = (name: string) => ({ type: 'alarm.rang', name });

describe('an incident', () => {
  it('is declared, then active once all is raised, and says what was not', () => {
    expect(given(declared).state).to.equal('declared');
    const active = given(declared, raised);
    expect(active.said).to.deep.equal(['incident.declared', 'incident.active']);
    expect(active.last.why.text).to.equal('1 camera kept connected at the best quality and recorded, 1 broadcast');
    const failed = given(declared, { ...raised, broadcasts: 0, failed: ['gate to city-tv: no relay can push'] });
    expect(failed.last.why.text).to.contain('not done: gate to city-tv: no relay can push');
  });

  it('says how many it lets in, and where its cameras could not be brought to their best', () => {
    const grants = { roles: ['operator'], subjects: ['minh', 'hoa'] };
    const { last } = given({ ...declared, grants }, { ...raised, best: false, failed: ['the quality is what it was'] });
    expect(last.why.text).to.equal(
      '1 camera kept connected and recorded, 1 broadcast, 2 people and every operator let in; ' +
        'not done: the quality is what it was',
    );
  });

  it('warns five minutes before its end, then ends by itself', () => {
    const active = given(declared, raised);
    expect(active.invoked).to.have.members(['end', 'warn']);
    const expiring = given(declared, raised, { ...rang('warn'), at: 1_000 + HOUR - INCIDENT_TIMES.warnMs });
    expect(expiring.state).to.equal('expiring');
    expect(expiring.last.why.guard).to.deep.equal({ left_ms: INCIDENT_TIMES.warnMs });
    const over = given(declared, raised, rang('warn'), rang('end'));
    expect(over.state).to.equal('closed');
    expect(over.last.why.reason).to.equal('expired');
    expect(over.invoked).to.deep.equal([]);
  });

  it('shorter than the warning is expiring from the start', () => {
    expect(given({ ...declared, until: 61_000 }, raised).state).to.equal('expiring');
  });

  it('that is renewed runs on until the new end', () => {
    const renewed = { type: 'incident.renewed', until: 1_000 + 2 * HOUR, by: 'lan' };
    const again = given(declared, raised, rang('warn'), renewed);
    expect(again.state).to.equal('active');
    expect(again.context.until).to.equal(1_000 + 2 * HOUR);
    expect(again.invoked).to.have.members(['end', 'warn']);
  });

  it('is closed by an operator at any time', () => {
    const ended = { type: 'incident.ended', by: 'lan' };
    for (const before of [[declared], [declared, raised], [declared, raised, rang('warn')]]) {
      const closed = given(...before, ended);
      expect(closed.last).to.deep.include({
        state: 'closed',
        from: before.length === 1 ? 'declared' : closed.last.from,
      });
      expect(closed.tags).to.deep.equal(['over']);
    }
  });

  it('says that those let in may look back', () => {
    const grants = { roles: [], subjects: ['minh'], history: { since: 1_000 } };
    expect(given({ ...declared, grants }, raised).last.why.text).to.contain('1 person let in and able to look back');
  });

  it('tells nobody whom it lets in', () => {
    const named = given({ ...declared, grants: { roles: ['viewer'], subjects: ['minh'] } }, raised);
    expect(JSON.stringify(named.last)).not.to.contain('minh');
  });
});
