import Type from 'typebox';

/** Who did something: by what rights go, and by what people know them. */
export const doer = {
  by: Type.String({ description: 'the `sub` of who did it' }),
  by_name: Type.Optional(
    Type.String({ description: 'what people call them; a program says that it is one; absent: as in `by`' }),
  ),
};

/** Who did something, as records hold it. */
export interface Doer {
  by: string;
  by_name?: string;
}

/** Of whatever holds it, who did it. */
export const doerIn = ({ by, by_name }: Doer): Doer => ({ by, ...(by_name === undefined ? {} : { by_name }) });

/** How a sentence calls them. */
export const calledIn = ({ by, by_name }: Doer): string => by_name ?? by;
