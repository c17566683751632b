/** What the tests of life cycles store under an id: the text tells whose it is. */
export const contentOf = (id) => `content of ${id}: a text to embed, to store and to find again`;
