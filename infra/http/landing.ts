/** Longer addresses than any of the page's own are not remembered. */
const LONGEST = 1_000;
const HERE = 'http://here.invalid';
/** What a sign-in itself says in the address; it is over by then. */
const OF_SIGN_IN = ['login', 'refused'];

/**
 * Where somebody lands who signs in: on the page, as they asked for it, with its wall, camera or moment.
 * @param asked what they wanted to see; anything that is not the page of this very site leads to its front
 * @param refused why nobody is signed in, for the page to tell
 * @returns an address that begins with `/`, and with no second slash
 */
export function landing(asked: unknown, refused?: string): string {
  const to = pageOf(asked);
  for (const name of OF_SIGN_IN) to.searchParams.delete(name);
  if (refused !== undefined) to.searchParams.set('refused', refused);
  return `/${to.search}${to.hash}`;
}

function pageOf(asked: unknown): URL {
  const front = new URL(HERE);
  if (typeof asked !== 'string' || asked.length > LONGEST || !URL.canParse(asked, HERE)) return front;
  const to = new URL(asked, HERE);
  return to.origin === front.origin && to.pathname === '/' ? to : front;
}
