import { expect } from 'chai';
import { alarmOn } from '../../adapters/alarm.ts';
import { systemClock } from '../../adapters/clock.ts';
import type { AlarmRang } from '../../machines/slots.ts';
import { until } from '../fixtures/process.ts';

/** A wall clock that somebody can set. */
function wallClock(start: number) {
  let offsetMs = start - performance.now();
  return {
    now: () => performance.now() + offsetMs,
    jump(ms: number) {
      offsetMs += ms;
    },
  };
}

describe('alarms', () => {
  it('ring once, by name, at their time and not before', async () => {
    const rang: { event: AlarmRang; at: number }[] = [];
    const due = systemClock.now() + 60;
    alarmOn(systemClock)({ name: 'expiry', at: due }, (event) => rang.push({ event, at: systemClock.now() }));
    await until('the alarm to ring', () => rang.length);
    expect(rang[0]?.event).to.deep.equal({ type: 'alarm.rang', name: 'expiry' });
    expect(rang[0]?.at).to.be.within(due, due + 1_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(rang).to.have.length(1);
  });

  it('ring on the next turn when they are overdue, never within the call that sets them', async () => {
    let rang = false;
    alarmOn(systemClock)({ name: 'late', at: systemClock.now() - 3_600_000 }, () => {
      rang = true;
    });
    expect(rang).to.equal(false);
    await new Promise((resolve) => setImmediate(resolve));
    expect(rang).to.equal(true);
  });

  it('end no session early and none late when the clock of the machine is set by an hour', async () => {
    for (const jumpMs of [3_600_000, -3_600_000]) {
      const clock = wallClock(1_700_000_000_000);
      const setAt = performance.now();
      let rangAfterMs = 0;
      alarmOn(clock)({ name: 'expiry', at: clock.now() + 80 }, () => {
        rangAfterMs = performance.now() - setAt;
      });
      clock.jump(jumpMs);
      await until('the alarm to ring', () => rangAfterMs);
      expect(rangAfterMs).to.be.within(79, 1_500);
    }
  });

  it('that a record has wait no longer than they had to then, though the clock was set back by an hour since', async () => {
    const now = systemClock.now();
    const written = now + 3_600_000;
    const rang: string[] = [];
    const alarm = alarmOn(systemClock);
    alarm({ name: 'set back', at: written + 60, asOf: written }, ({ name }) => rang.push(name));
    alarm({ name: 'as it was', at: now + 3_600_000, asOf: now - 1_000 }, ({ name }) => rang.push(name));
    await until('the one', () => rang.length);
    expect(systemClock.now()).to.be.at.least(now + 60);
    expect(rang).to.deep.equal(['set back']);
  });

  it('stay silent once called off, before and after their first turn', async () => {
    let rang = 0;
    const alarm = alarmOn(systemClock);
    const at = systemClock.now() + 20;
    alarm({ name: 'a', at: 0 }, () => rang++).release();
    const later = alarm({ name: 'b', at }, () => rang++);
    const detached = alarm({ name: 'c', at }, () => rang++);
    await new Promise((resolve) => setTimeout(resolve, 5));
    later.release();
    detached.detach?.();
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(rang).to.equal(0);
  });

  it('wait for a year without ringing at once, as a bare timer would', async () => {
    let rang = false;
    const held = alarmOn(systemClock)({ name: 'far', at: systemClock.now() + 365 * 86_400_000 }, () => {
      rang = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(rang).to.equal(false);
    held.release();
  });

  it('ring in the order of their times, whatever order they were set and called off in', async () => {
    const rang: number[] = [];
    const now = systemClock.now();
    const startedAt = performance.now();
    // All are set at one instant: a machine that pauses between two looks at its clocks would move one past another.
    let setting = true;
    const alarm = alarmOn({ ...systemClock, now: () => now }, () => (setting ? startedAt : performance.now()));
    const delays = Array.from({ length: 3000 }, (_, n) => (n * 7919) % 40);
    const held = delays.map((delayMs, n) =>
      alarm({ name: String(n), at: now + delayMs }, ({ name }) => rang.push(delays[Number(name)] ?? -1)),
    );
    for (const [n, one] of held.entries()) if (n % 4) one.release();
    setting = false;
    await until('every alarm that was kept', () => rang.length === 750);
    expect(rang).to.deep.equal([...rang].sort((a, b) => a - b));
  });

  it('are cheap: 50,000 of them are set and called off in well under a second of a core', async () => {
    const alarm = alarmOn(systemClock);
    const startedAt = process.cpuUsage();
    const now = systemClock.now();
    const held = Array.from({ length: 50_000 }, (_, n) =>
      alarm({ name: 'expiry', at: now + 3_600_000 + n * 7 }, () => {}),
    );
    await new Promise((resolve) => setImmediate(resolve));
    for (const one of held) one.release();
    const { user, system } = process.cpuUsage(startedAt);
    expect((user + system) / 1_000).to.be.below(1_000);
  });
});

describe('the clock', () => {
  it('tells the time of day and never goes back', () => {
    expect(Math.abs(systemClock.now() - Date.now())).to.be.below(1000);
    let before = 0;
    for (let n = 0; n < 1000; n++) {
      const now = systemClock.now();
      expect(now).to.be.at.least(before);
      before = now;
    }
  });
});
