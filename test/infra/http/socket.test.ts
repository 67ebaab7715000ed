import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import type { WebSocket } from 'ws';
import { keepAlive } from '../../../infra/http/socket.ts';
import { until } from '../../fixtures/process.ts';

/** A socket of which one sees what is done with it. */
function fakeSocket(lastsMs = 60_000) {
  const done: string[] = [];
  const socket = Object.assign(new EventEmitter(), {
    ...{ OPEN: 1, readyState: 1 },
    ping: () => done.push('ping'),
    terminate() {
      done.push('terminate');
      socket.readyState = 3;
      socket.emit('close');
    },
  });
  return { socket, done, isThere: keepAlive(socket as unknown as WebSocket, { answerMs: 10, lastsMs }) };
}

describe('http: whoever is asked whether they are there', () => {
  it('is cut off when no answer comes in time, and asked once until then', async () => {
    const { done, isThere } = fakeSocket();
    expect([isThere(), isThere()]).to.deep.equal([false, false]);
    await until('it to be cut off', () => done.includes('terminate'), 1_000, 5);
    expect(isThere()).to.equal(false);
    expect(done).to.deep.equal(['ping', 'terminate']);
  });

  it('is there once it has answered, and is not asked again at once', async () => {
    const { socket, done, isThere } = fakeSocket();
    isThere();
    socket.emit('pong');
    const other = fakeSocket();
    other.isThere();
    await until('the time to be over for another one', () => other.done.includes('terminate'), 1_000, 5);
    expect(isThere()).to.equal(true);
    expect(done).to.deep.equal(['ping']);
  });

  it('is asked anew when its answer is of long ago', async () => {
    const { socket, done, isThere } = fakeSocket(0);
    isThere();
    socket.emit('pong');
    expect(isThere()).to.equal(false);
    await until('it to be cut off', () => done.includes('terminate'), 1_000, 5);
    expect(done).to.deep.equal(['ping', 'ping', 'terminate']);
  });
});
