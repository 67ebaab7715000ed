import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { type LedgerEntry, linkEntry } from '../../../bus/ledger.ts';
import { ledgerHeadFile } from '../../../infra/archive/ledger-head.ts';
import { someEntry } from '../../contracts/ledger.ts';
import { command } from '../../fixtures/command-line.ts';
import { all } from '../../fixtures/records.ts';
import { type ServedGateway, serveGateway } from '../../fixtures/served-gateway.ts';

describe('the ledger on the command line', () => {
  let gateway: ServedGateway;
  let folder: string;
  let last: LedgerEntry;
  const append = async (behind: number) => (await gateway.house.store.ledger.append(last, behind)).seq;
  before(async () => {
    gateway = await serveGateway();
    folder = mkdtempSync(path.join(tmpdir(), 'sbx-ledger-'));
    const { sealer } = gateway.services.gate;
    last = someEntry(undefined, { name: 'Vera', token: 'token-7' }, sealer);
    for (let seq = await append(0); seq < 12; seq = await append(seq)) last = someEntry(last, {}, sealer);
  });
  after(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lists who watched what, and proves that nothing was touched', async () => {
    const listed = await gateway.sbx('ledger', 'list');
    expect(listed.out).to.contain('Vera (vera)').and.contain('127.0.0.1').and.contain('token-7');
    const none = await gateway.sbx('ledger', 'list', '--sub', 'vito', '--json');
    expect(none.out).to.equal('');
    const proved = await gateway.sbx('ledger', 'verify');
    expect(proved.code).to.equal(0);
    expect(proved.out).to.contain('12 entries are as they were written, signed by this installation');
  });

  it('finds what was changed in a file of entries, and what is missing at the end of the store', async () => {
    const { out } = await gateway.sbx('ledger', 'list', '--json');
    const file = path.join(folder, 'ledger.jsonl');
    const verify = async (text: string, more = ['--state', gateway.state]) => {
      writeFileSync(file, text);
      return command(['ledger', 'verify', '--file', file, ...more]);
    };
    expect((await verify(out)).code).to.equal(0);
    const altered = await verify(out.replace('"vera"', '"vito"'));
    expect(altered.code).to.equal(1);
    expect(altered.err).to.contain('not as it was written: entry 1 was altered');
    expect((await verify(out.split('\n').toSpliced(4, 1).join('\n'))).err).to.contain('was removed');
    expect((await verify('hello\n')).err).to.contain('no entry');
    const keys = path.join(folder, 'jwks.json');
    writeFileSync(keys, JSON.stringify(gateway.services.gate.jwks()));
    const elsewhere = ['--state', folder];
    expect((await verify(out, [...elsewhere, '--keys', keys])).code).to.equal(0);
    const unknown = await verify(out, elsewhere);
    expect(unknown.code).to.equal(1);
    expect(unknown.err).to.contain('their signature is unknown').and.contain('--keys FILE');
    expect((await verify(out, [...elsewhere, '--any-signer'])).code).to.equal(0);
    const head = ledgerHeadFile(gateway.state);
    head.remember({ n: 13, hash: 'a'.repeat(64) });
    head.close();
    const cut = await gateway.sbx('ledger', 'verify');
    expect(cut.code).to.equal(1);
    expect(cut.err).to.contain('ends with entry 12, but 13 were written');
  });

  it('finds a cut at its beginning that retention did not make, whatever whoever made it writes behind it', async () => {
    const { ledger } = gateway.house.store;
    const head = ledgerHeadFile(gateway.state);
    head.remember(last);
    head.close();
    expect((await gateway.sbx('ledger', 'verify')).code).to.equal(0);
    const [fifth] = (await all(ledger.read(5))).map(({ entry }) => entry);
    const up_to = { n: 5, hash: fifth?.hash ?? '' };
    await ledger.append(linkEntry({ what: 'forgotten', at: 9, fact: 'retention', fact_seq: 12, up_to }, last), 12);
    await ledger.forget(6);
    const cut = await gateway.sbx('ledger', 'verify');
    expect(cut.code).to.equal(1);
    expect(cut.err).to.contain('not as it was written').and.contain('entry 13 bears no signature');
  });

  it('is for administrators', async () => {
    const grant = { sub: 'olga', role: 'operator' as const, cameras: [], zones: ['*'] };
    const authorization = `Bearer ${gateway.services.gate.mintLogin(grant, 60)}`;
    const { statusCode } = await gateway.server.inject({ url: '/api/v1/ledger', headers: { authorization } });
    expect(statusCode).to.equal(403);
  });
});
