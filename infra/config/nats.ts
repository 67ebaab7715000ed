import { id } from '../../bus/identity.ts';
import { NATS_GATEWAY_USER, NATS_READER_USER, NATS_REVISION_USER } from '../nats/accounts.ts';
import type { Settings } from './declaration.ts';
import { listener } from './doors.ts';
import type { Config } from './model.ts';
import type { Reading } from './reading.ts';

type NatsConfig = Pick<Config, 'nats' | 'natsReaders' | 'natsWebSocket'>;

/** Which NATS keeps everything, who hears facts there, and how browsers reach it. */
export function resolveNats({ nats }: Settings, { beside, fault }: Reading): NatsConfig {
  if (nats === 'embedded') return { nats, natsReaders: {} };
  const { servers, user, password_file, credentials, replicas, websocket, readers } = nats;
  const own = [NATS_GATEWAY_USER, NATS_READER_USER, NATS_REVISION_USER];
  for (const name of Object.keys(readers).filter((one) => own.includes(one))) {
    fault(['nats', 'readers', name], `"${name}" is a user of our own: choose another name`);
  }
  const natsReaders = Object.fromEntries(
    Object.entries(readers).map(([name, { cameras, zones }]) => [
      name,
      { ...(cameras ? { cameras: cameras.map(id) } : {}), ...(zones ? { zones } : {}) },
    ]),
  );
  if (servers === undefined) {
    for (const [setting, value] of Object.entries({ user, password_file, credentials, replicas })) {
      if (value !== undefined) fault(['nats', setting], 'is for a NATS that somebody else runs: name its servers too');
    }
    const natsWebSocket = websocket && listener(websocket, ['nats', 'websocket'], fault);
    return { nats: 'embedded', natsReaders, ...(natsWebSocket ? { natsWebSocket } : {}) };
  }
  if (websocket) fault(['nats', 'websocket'], 'is for the nats-server that is run here: say it to your own servers');
  return {
    nats: {
      servers,
      ...(user ? { user } : {}),
      ...(password_file ? { passwordFile: beside(password_file) } : {}),
      ...(credentials ? { credentialsFile: beside(credentials) } : {}),
      ...(replicas ? { replicas } : {}),
    },
    natsReaders,
  };
}
