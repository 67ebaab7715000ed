import { readFileSync } from 'node:fs';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import path from 'node:path';

// Whether the gateway of a data folder can serve: node infra/healthcheck.mjs STATE. Plain JavaScript, for the
// HEALTHCHECK of a container; exit code 0 means that /readyz says yes.

const PATIENCE_MS = 4_000;

const fail = (text) => {
  process.stderr.write(`not ready: ${text}\n`);
  process.exit(1);
};

function whereItListens(state) {
  try {
    return JSON.parse(readFileSync(path.join(state, 'run/group.json'), 'utf8')).http;
  } catch (error) {
    return fail(`no group runs on ${state} (${error.code ?? error.message})`);
  }
}

const { host, port, tls } = whereItListens(process.argv[2] ?? '.signalbox');
const loopback = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
// The certificate in the file itself is believed: it need not be made out to loopback.
const pinned = tls ? { ca: readFileSync(tls.certFile), checkServerIdentity: () => undefined } : {};
const ask = tls ? secure : plain;
ask({ host: loopback, port, path: '/readyz', timeout: PATIENCE_MS, headers: { host: 'localhost' }, ...pinned })
  .on('response', (answer) => {
    answer.resume();
    if (answer.statusCode !== 200) fail(`/readyz says ${answer.statusCode}`);
    process.exit(0);
  })
  .on('timeout', () => fail(`no answer within ${PATIENCE_MS} ms`))
  .on('error', (error) => fail(error.message))
  .end();
