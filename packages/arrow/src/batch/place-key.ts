/** Key of the place in a record batch's own metadata; the value is JSON. */
export const PLACE_KEY = 'mlm.place';
