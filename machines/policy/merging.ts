/** How an entry that hosts share stands: marks of texts that are the same exactly when the texts are. */
export interface SharedEntry {
  /** What this host and the others last had in common; undefined: there was nothing. */
  base: string | undefined;
  /** What stands here now. */
  here: string | undefined;
  /** What the others have; `removed`: one of them took it away; undefined: they never heard of it. */
  there: string | 'removed' | undefined;
  /** Whoever is first decides, and it is never taken away: keys. */
  fixed: boolean;
}

/** What makes both agree: `take` theirs, `give` ours, or nothing as they do. */
export interface Merge {
  act: 'nothing' | 'take' | 'give';
  why: { reason: 'same' | 'changed-there' | 'changed-here' | 'unknown-there' | 'removal' | 'first'; text: string };
}

const merge = (act: Merge['act'], reason: Merge['why']['reason'], text: string): Merge => ({
  act,
  why: { reason, text },
});

/**
 * Brings one entry together that two hosts may have changed. Where both did, a removal counts before a change, as
 * somebody meant to take a right away, and otherwise what the others have already stays.
 */
export function mergeEntry({ base, here, there, fixed }: SharedEntry): Merge {
  const theirs = there === 'removed' ? undefined : there;
  if (here === theirs) return merge('nothing', 'same', 'both have the same');
  if (fixed) {
    if (theirs !== undefined) return merge('take', 'first', 'a key is that of the first host');
    return merge('give', 'unknown-there', 'a key that the others lack');
  }
  if (there === undefined) return merge('give', 'unknown-there', 'the others never heard of it');
  if (here === base) return merge('take', 'changed-there', 'it was changed elsewhere, and not here');
  if (theirs === base) return merge('give', 'changed-here', 'it was changed here, and not elsewhere');
  if (here === undefined)
    return merge('give', 'removal', 'it was removed here and changed elsewhere: a removal counts');
  if (theirs === undefined)
    return merge('take', 'removal', 'it was changed here and removed elsewhere: a removal counts');
  return merge('take', 'first', 'it was changed here and elsewhere: what the others have already stays');
}
