import Type from 'typebox';
import { ZONE_PATTERN } from '../../bus/events/viewer.ts';
import { ID_PATTERN } from '../../bus/identity.ts';
import { DURATION_PATTERN } from './durations.ts';
import { SIZE_PATTERN } from './sizes.ts';

/**
 * The kinds of value that settings have. `expects` ends the sentence "expected …".
 */

/** A section: nothing else may stand in it, and it may be left out. */
export const closed = { additionalProperties: false, default: {} };

/** Text of one line. */
export const text = (expects: string, options = {}) =>
  Type.String({ minLength: 1, maxLength: 2048, expects, ...options });

/** A list of such texts, empty unless said. */
export const texts = (expects: string, options = {}) => Type.Array(text(expects), { default: [], ...options });

const LISTEN_PATTERN = '^(\\[[0-9A-Fa-f:.]+\\]|[^\\s:\\[\\]/@]+):[0-9]{1,5}$';

/** Where something listens: `HOST:PORT`. */
export const listen = (options = {}) =>
  Type.String({ pattern: LISTEN_PATTERN, expects: 'HOST:PORT, for instance 127.0.0.1:8080', ...options });

/** A duration, such as `30s`. */
export const duration = (fallback: string, description: string) =>
  Type.String({
    pattern: DURATION_PATTERN,
    expects: 'a duration such as 30s, 8h or 7d',
    default: fallback,
    description,
  });

/** A size on the disk, such as `4GB`. */
export const size = (fallback: string, description: string) =>
  Type.String({ pattern: SIZE_PATTERN, expects: 'a size such as 500MB or 4GB', default: fallback, description });

/** A port. */
export const port = (fallback: number, description: string, options = {}) =>
  Type.Integer({
    minimum: 1,
    maximum: 65535,
    expects: 'a port from 1 to 65535',
    default: fallback,
    description,
    ...options,
  });

/** A count from one up to a maximum. */
export const count = (fallback: number, maximum: number, description: string) =>
  Type.Integer({ minimum: 1, maximum, expects: `a whole number from 1 to ${maximum}`, default: fallback, description });

/** The address of a web server, without a password. */
export const webUrl = (options = {}) =>
  Type.String({ pattern: '^https?://[^\\s/@]+', expects: 'an http:// or https:// address', ...options });

/** The name of a region. */
export const Region = Type.String({ pattern: ID_PATTERN, expects: 'a region: lower-case letters, digits, _ and -' });

/** The id of a camera, a relay or whatever else has one. */
export const AnId = Type.String({ pattern: ID_PATTERN, expects: 'an id: a-z, 0-9, _ and -' });

/** Which zones are meant: one, all below one, or all. */
export const ZonePattern = Type.String({
  pattern: ZONE_PATTERN,
  expects: 'a zone such as hcm/airport, hcm/* or *',
});
