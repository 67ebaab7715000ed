import { expectOk, type RtspConnection } from './connection.ts';
import { header } from './message.ts';
import { announcement, controlAddress, type MediaTrack } from './sdp.ts';

/** Sets up each track at its address, interleaved on channels 2n and 2n + 1. Resolves to the id of the session. */
async function setUp(connection: RtspConnection, controls: string[], mode = ''): Promise<string> {
  let session = '';
  for (const [index, control] of controls.entries()) {
    const response = expectOk(
      'SETUP',
      await connection.request('SETUP', control, {
        Transport: `RTP/AVP/TCP;unicast;interleaved=${index * 2}-${index * 2 + 1}${mode}`,
        ...(session ? { Session: session } : {}),
      }),
    );
    session ||= (header(response.headers, 'session') ?? '').split(';')[0]?.trim() ?? '';
  }
  return session;
}

/** Announces tracks and starts to publish them. Resolves to the id of the session. @throws RtspFailure */
export async function startRecording(
  connection: RtspConnection,
  address: string,
  name: string,
  tracks: MediaTrack[],
): Promise<string> {
  expectOk(
    'ANNOUNCE',
    await connection.request('ANNOUNCE', address, { 'Content-Type': 'application/sdp' }, announcement(name, tracks)),
  );
  const controls = tracks.map((_, index) => controlAddress(address, `trackID=${index}`));
  const session = await setUp(connection, controls, ';mode=record');
  expectOk('RECORD', await connection.request('RECORD', address, { Session: session, Range: 'npt=0-' }));
  return session;
}

/** A description of what is to be had at an address, and the address that its tracks are below. @throws RtspFailure */
export async function describe(connection: RtspConnection, address: string): Promise<{ sdp: string; base: string }> {
  const described = expectOk('DESCRIBE', await connection.request('DESCRIBE', address, { Accept: 'application/sdp' }));
  const base = header(described.headers, 'content-base') ?? header(described.headers, 'content-location') ?? address;
  return { sdp: described.body, base };
}

/**
 * Has the tracks of a description sent.
 * @param ready every track is set up: packets come from now on
 * @returns the id of the session @throws RtspFailure
 */
export async function startPlaying(
  connection: RtspConnection,
  base: string,
  tracks: MediaTrack[],
  ready: () => void = () => {},
): Promise<string> {
  const session = await setUp(
    connection,
    tracks.map(({ control }) => controlAddress(base, control)),
  );
  ready();
  expectOk('PLAY', await connection.request('PLAY', base, { Session: session, Range: 'npt=0-' }));
  return session;
}
