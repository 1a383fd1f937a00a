const CODES = { plain: undefined, blue: '1;34', cyan: '36', red: '31' } as const;

/** The text in a colour, where there are colours. */
export function paint(text: string, colour: keyof typeof CODES, colours: boolean): string {
  const code = CODES[colour];
  return colours && code !== undefined ? `\u001b[${code}m${text}\u001b[0m` : text;
}
