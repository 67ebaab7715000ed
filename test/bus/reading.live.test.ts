import { DeliverPolicy } from '@nats-io/jetstream';
import { expect } from 'chai';
import type { NatsLink } from '../../bus/carriers/nats/connection.ts';
import { readStream } from '../../bus/carriers/nats/reading.ts';
import type { NatsStore } from '../../bus/carriers/nats.ts';
import { EVERY_JOURNAL, JOURNAL_STREAM, journalSubject } from '../../bus/subjects.ts';
import { startNatsStore, type TestStore } from '../fixtures/nats-store.ts';
import { all, camera, someRecord } from '../fixtures/records.ts';

describe('reading a stream that is written to meanwhile', () => {
  let nats: TestStore;
  let store: NatsStore;
  let link: NatsLink;
  before(async () => {
    nats = await startNatsStore();
    ({ store, link } = nats);
  });
  after(() => nats?.close());

  it('leaves out no cell that writes in the moment in which the reading begins', async () => {
    const { seq: first } = await store.journal.append(someRecord('cam_a', 1), 0);
    await store.journal.append(someRecord('cam_b', 1), 0);
    let writes: number | undefined = first;
    const busy: NatsLink = {
      ...link,
      async call(what, request) {
        const answer = await link.call(what, request);
        // Between the first question to the server and the next.
        const expected = writes;
        writes = undefined;
        if (expected !== undefined) await store.journal.append(someRecord('cam_a', 2), expected);
        return answer;
      },
    };
    const options = { deliver_policy: DeliverPolicy.LastPerSubject, filter_subjects: EVERY_JOURNAL };
    const read = await all(readStream(busy, JOURNAL_STREAM, 'reading in a test', options));
    expect(read.map(({ subject }) => subject).sort()).to.deep.equal(
      ['cam_a', 'cam_b'].map((name) => journalSubject(camera(name))),
    );
  });
});
