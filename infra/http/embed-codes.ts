import Type from 'typebox';
import { SubjectSchema } from '../../bus/events/viewer.ts';
import { IdSchema } from '../../bus/identity.ts';
import { type Of, shape } from '../../bus/shape.ts';
import { type OneTimeTexts, openOneTimeTexts } from './one-time.ts';

const { sub, name, history } = SubjectSchema.properties;
const GrantSchema = Type.Object({
  sub,
  name,
  /** The token of whoever asked: with it ends what comes of the code. */
  jti: Type.Optional(Type.String()),
  camera: IdSchema,
  history,
  /** The site whose page may show it. */
  origin: Type.String(),
  /** When it was asked for, epoch ms: a revocation since then hits it. */
  asked_at: Type.Number(),
  /** When what comes of it ends, epoch ms. */
  ends_at: Type.Number(),
});

const code = shape('embed code', Type.Object({ grant: GrantSchema, expires_at: Type.Number() }));

/** What a code opens: one camera, to one visitor, on the pages of one site. */
export type EmbedGrant = Of<typeof code>['grant'];

/** Codes that bring the player into a page of another site. */
export type EmbedCodes = OneTimeTexts<EmbedGrant>;

/** Opens the codes of a data folder. @param folder STATE/embeds */
export const openEmbedCodes = (folder: string, now?: () => number): EmbedCodes => openOneTimeTexts(folder, code, now);
