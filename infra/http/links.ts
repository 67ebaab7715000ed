import Type from 'typebox';
import type { LoginGrant } from '../../adapters/gate.jsonwebtoken.ts';
import { SubjectSchema } from '../../bus/events/viewer.ts';
import { shape } from '../../bus/shape.ts';
import { type OneTimeTexts, openOneTimeTexts } from './one-time.ts';

/** One-time login links: a text for `?login=`; launcher and command line make what the gateway redeems. */
export type LoginLinks = OneTimeTexts<LoginGrant>;

const { sub, name, role, cameras, zones, history } = SubjectSchema.properties;

const link = shape(
  'login link',
  Type.Object({ grant: Type.Object({ sub, name, role, cameras, zones, history }), expires_at: Type.Number() }),
);

/** Opens the links of a data folder. @param folder STATE/links */
export const openLoginLinks = (folder: string, now?: () => number): LoginLinks => openOneTimeTexts(folder, link, now);
