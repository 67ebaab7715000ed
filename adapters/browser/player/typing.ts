/** Whether a key is meant for what is filled in, and not for the picture. */
export const isTyping = ({ target }: KeyboardEvent): boolean =>
  target instanceof Element && target.closest('form, input, textarea, select, dialog') !== null;
