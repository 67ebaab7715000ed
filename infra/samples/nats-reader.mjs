// A program that reads facts over NATS and misses none: each is a line of JSON on standard output, once and in order,
// those that happened while it was away too. The README ("Facts over NATS") tells how it is put to work.
//
//   node nats-reader.mjs --name hall-board --password-file FILE [--server 127.0.0.1:4222] [--place place.json]
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { connect } from 'nats';

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'reader' },
    'password-file': { type: 'string', default: 'reader.password' },
    server: { type: 'string', default: '127.0.0.1:4222' },
    place: { type: 'string', default: 'place.json' },
  },
});
const ASK_EVERY_MS = 30_000;
const ASK_AGAIN_MS = 500;
const ANSWER_WITHIN_MS = 5_000;
/** What a reader hears of each of its cameras. */
const KINDS = ['camera', 'rendition', 'recording', 'ptz', 'sound'];

const connection = await connect({
  servers: values.server,
  user: values.name,
  pass: readFileSync(values['password-file'], 'utf8').trim(),
  inboxPrefix: `_INBOX_${values.name}`, // the ordinary inbox is not for readers
  maxReconnectAttempts: -1,
});

/**
 * How far the last answer went, and what was heard beyond it; without `next`, this program begins with what comes.
 * @type {{ next?: number, heard: number[] }}
 */
const place = existsSync(values.place) ? JSON.parse(readFileSync(values.place, 'utf8')) : { heard: [] };
/** By subject. @type {Map<string, import('nats').Subscription>} */
const subscriptions = new Map();
/** What is heard while the past is still being read. @type {{ sequence: number }[] | undefined} */
let waiting = [];

/** @param {{ sequence: number }} event */
function take(event) {
  const { sequence } = event;
  if (sequence <= (place.next ?? 0) || place.heard.includes(sequence)) return;
  console.log(JSON.stringify(event));
  place.heard.push(sequence);
  writeFileSync(values.place, JSON.stringify(place));
}

/** @type {import('nats').MsgCallback<import('nats').Msg>} */
function hear(error, message) {
  if (error) return;
  const event = { .../** @type {object} */ (message.json()), sequence: Number(message.headers?.get('Nats-Sequence')) };
  if (waiting) waiting.push(event);
  else take(event);
}

/**
 * Listens to these cameras and to no others; to everything when there is no list.
 * @param {string[] | undefined} cameras
 * @returns whether any is new
 */
function listenTo(cameras) {
  const of = (/** @type {string} */ camera) => KINDS.map((kind) => `sbx.v1.told.${kind}.${camera}.*`);
  const subjects = new Set(cameras ? cameras.flatMap(of) : ['sbx.v1.told.>']);
  for (const [subject, subscription] of subscriptions) {
    // NATS itself ends what may not be heard any longer.
    if (subjects.has(subject) && !subscription.isClosed()) continue;
    subscription.unsubscribe();
    subscriptions.delete(subject);
  }
  const added = [...subjects].filter((subject) => !subscriptions.has(subject));
  for (const subject of added) subscriptions.set(subject, connection.subscribe(subject, { callback: hear }));
  return added.length > 0;
}

/** Reads what was missed, page by page, while it listens already: so there is no gap between past and present. */
async function catchUp() {
  waiting ??= [];
  for (let more = true; more; ) {
    const request = JSON.stringify(place.next === undefined ? {} : { after: place.next });
    const reply = await connection.request(`sbx.v1.resume.${values.name}`, request, { timeout: ANSWER_WITHIN_MS });
    const answer = reply.json();
    if (answer.error) throw new Error(answer.error);
    const added = listenTo(answer.cameras);
    if (added) await connection.flush();
    answer.items.forEach(take);
    const { next, resync } = answer;
    // What is shown may be wrong from here: a dashboard would look at everything anew.
    if (resync) console.log(JSON.stringify({ type: 'resync', reason: resync, sequence: next }));
    place.heard = resync ? [] : place.heard.filter((sequence) => sequence > next);
    place.next = next;
    writeFileSync(values.place, JSON.stringify(place));
    more = answer.more || added;
  }
  const late = waiting.sort((a, b) => a.sequence - b.sequence);
  waiting = undefined;
  late.forEach(take);
}

// Lost connections are made again by themselves; this one ends when the reader is let in no more.
void connection.closed().then((error) => {
  console.error(error?.message ?? 'closed');
  process.exit(1);
});
let isStale = false;
let wake = () => {};
void (async () => {
  for await (const { type } of connection.status()) {
    if (type !== 'reconnect') continue;
    // What was told meanwhile comes first.
    waiting ??= [];
    isStale = true;
    wake();
  }
})();

for (;;) {
  isStale = false;
  const failed = await catchUp().catch((error) => {
    console.error(error.message);
    return true;
  });
  // Now and then it asks although it hears: of a camera that has come into its zones it learns in no other way.
  if (isStale) continue;
  await new Promise((resolve) => {
    wake = () => resolve(undefined);
    setTimeout(resolve, failed ? ASK_AGAIN_MS : ASK_EVERY_MS);
  });
}
