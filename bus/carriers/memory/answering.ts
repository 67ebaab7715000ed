import type { Subscription } from '../../ports/subscription.ts';

/** Has somebody be among those who answer, until that is closed. */
export function amongAnswers<Reply>(answers: Set<Reply>, reply: Reply): Subscription {
  answers.add(reply);
  let finish = () => {};
  const ended = new Promise<undefined>((resolve) => {
    finish = () => resolve(undefined);
  });
  return {
    close() {
      answers.delete(reply);
      finish();
    },
    ended,
  };
}
