/** The version of this package, as in package.json. It is written here so that a bundle of a program has it too. */
export const VERSION = '0.1.0';
