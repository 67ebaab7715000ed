import { expect } from 'chai';
import { pino } from 'pino';
import { type Delivered, signed } from '../../../adapters/webhook.http.ts';
import { memoryStore } from '../../../bus/carriers/memory.ts';
import type { Told } from '../../../bus/ports/facts.ts';
import { keepWebhooks } from '../../../infra/gateway/webhooks.ts';
import { createMetrics } from '../../../infra/http/metrics.ts';
import { until } from '../../fixtures/process.ts';
import { someFact } from '../../fixtures/records.ts';

describe('webhooks', () => {
  const secret = () => 'whsec_c2VjcmV0';
  const desk = { url: 'https://desk.example.com/hook', secret, types: ['camera'] };

  /** Receivers as the test has them: each delivery waits for an outcome. */
  const opened = () => {
    const store = memoryStore();
    const had: string[] = [];
    const outcomes: Delivered[] = [];
    const post = async (webhook: { url: string }, { envelope }: Told): Promise<Delivered> => {
      had.push(`${new URL(webhook.url).host} ${envelope.id}`);
      return outcomes.shift() ?? { ok: true };
    };
    const house = { outbox: store.outbox, log: pino({ level: 'silent' }), metrics: createMetrics(), post };
    return { store, had, outcomes, house, webhooks: keepWebhooks(house) };
  };

  it('deliver in order, and the next fact only when the one before was taken', async () => {
    const { store, had, outcomes, webhooks } = opened();
    outcomes.push({ ok: false, detail: 'it answered 500' });
    await webhooks.set([desk]);
    await store.facts.tell(someFact('cam_a', 1));
    await store.facts.tell(someFact('cam_b', 2));
    await until('both', () => had.at(-1) === 'desk.example.com cam_b-f2');
    expect(had).to.deep.equal(['cam_a-f1', 'cam_a-f1', 'cam_b-f2'].map((id) => `desk.example.com ${id}`));
    webhooks.close();
  });

  it('leave out what a receiver did not ask for', async () => {
    const { store, had, webhooks } = opened();
    const type = someFact('cam_a', 1).type.replace('signalbox.', '');
    await webhooks.set([
      { ...desk, types: ['camera.nothing', 'relay'] },
      { ...desk, url: 'https://b.example', types: [type] },
    ]);
    await store.facts.tell(someFact('cam_a', 1));
    await until('the one that wants it', () => had.length === 1);
    expect(had).to.deep.equal(['b.example cam_a-f1']);
    webhooks.close();
  });

  it('go on with the next gateway where the last one ended', async () => {
    const { store, had, outcomes, webhooks, house } = opened();
    outcomes.push(
      { ok: true },
      ...Array.from({ length: 50 }, (): Delivered => ({ ok: false, detail: 'ECONNREFUSED' })),
    );
    await webhooks.set([desk]);
    for (const n of [1, 2, 3]) await store.facts.tell(someFact('cam_a', n));
    await until('the second to be refused', () => had.length === 2);
    webhooks.close();
    outcomes.length = 0;
    had.length = 0;
    const next = keepWebhooks(house);
    await next.set([desk]);
    await until('the rest', () => had.length === 2);
    expect(had).to.deep.equal(['desk.example.com cam_a-f2', 'desk.example.com cam_a-f3']);
    next.close();
  });

  it('are counted by host alone, as an address may hold a secret', async () => {
    const { store, had, webhooks, house } = opened();
    await webhooks.set([desk]);
    await store.facts.tell(someFact('cam_a', 1));
    await until('it', () => had.length === 1);
    const text = await house.metrics.registry.metrics();
    expect(text).to.contain('signalbox_webhook_deliveries_total{webhook="desk.example.com",result="taken"} 1');
    webhooks.close();
  });

  it('are signed as Standard Webhooks say', () => {
    // The example of https://github.com/standard-webhooks/standard-webhooks, secret and body of its own libraries' tests.
    const headers = signed(
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1_614_265_330_000,
      '{"test": 2432232314}',
    );
    expect(headers['webhook-timestamp']).to.equal('1614265330');
    expect(headers['webhook-signature']).to.equal('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });
});
