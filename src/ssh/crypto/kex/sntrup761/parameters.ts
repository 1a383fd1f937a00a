/** Streamlined NTRU Prime with these numbers is sntrup761: polynomials modulo x^P - x - 1, coefficients modulo Q. */
export const P = 761;
export const Q = 4591;
/** Coefficients of a short polynomial that are not zero. */
export const W = 286;

/** Largest coefficient modulo Q, counted from zero to both sides. */
export const HALF_Q: number = (Q - 1) / 2;

/** An odd modulus, and one divided by it: divisions take a time of their own for each number. */
export interface Modulus {
  readonly m: number;
  readonly inverse: number;
}

export const MOD_Q: Modulus = { m: Q, inverse: 1 / Q };
export const MOD_3: Modulus = { m: 3, inverse: 1 / 3 };

/** The remainder of x nearest to zero, for |x| below 2^30: rounding errors are far smaller than 1/2m. */
export function reduce(x: number, { m, inverse }: Modulus): number {
  return x - m * Math.floor(x * inverse + 0.5);
}
