import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { until } from '../../fixtures/process.ts';

describe('the live stream of the page', () => {
  it('tells of a gap whenever it can not go on where it was: at first, and after a resync, but not when it resumes', async () => {
    const answers = [
      '', // ends before anything is heard
      'id: 7\ndata: {"n":7}\n\n',
      'id: 8\ndata: {"n":8}\n\nid: 20\nevent: resync\ndata: {"sequence":20,"reason":"slow"}\n\n',
    ];
    const asked: (string | undefined)[] = [];
    const server = http.createServer((request, response) => {
      asked.push(request.headers['last-event-id'] as string | undefined);
      const answer = answers.shift();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (answer === undefined) response.flushHeaders();
      else response.end(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const heard: string[] = [];
    // By its address: it is written for browsers, whose types are not those of this test.
    const { followEvents } = await import(
      new URL('../../../adapters/browser/dashboard/stream.ts', import.meta.url).href
    );
    const stop = followEvents(
      {
        status: (status: string) => status === 'open' && heard.push('open'),
        event: (_data: string, seq: number) => heard.push(String(seq)),
        gap: () => heard.push('gap'),
      },
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    );
    await until('four streams', () => asked.length === 4 && heard.filter((one) => one === 'open').length === 4);
    stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(heard).to.deep.equal(['open', 'gap', 'open', 'gap', '7', 'open', '8', 'gap', 'open']);
    expect(asked).to.deep.equal([undefined, undefined, '7', '20']);
  });
});
