import { MOD_3, type Modulus, P, reduce, W } from './parameters.ts';

/** P coefficients, the constant one first. */
export type Polynomial = Int32Array;

/** a * b modulo x^P - x - 1 and `modulus`; one of the two has coefficients of -1 to 1. */
export function multiply(a: Polynomial, b: Polynomial, modulus: Modulus): Polynomial {
  const wide = new Int32Array(2 * P - 1);
  for (let i = 0; i < P; i++) {
    const factor = a[i]!;
    for (let j = 0; j < P; j++) wide[i + j]! += Math.imul(factor, b[j]!);
  }
  // x^P is x + 1.
  for (let i = 2 * P - 2; i >= P; i--) {
    wide[i - P]! += wide[i]!;
    wide[i - P + 1]! += wide[i]!;
  }
  const product = new Int32Array(P);
  for (let i = 0; i < P; i++) product[i] = reduce(wide[i]!, modulus);
  wide.fill(0);
  return product;
}

/**
 * The inverse of `a`, undefined where there is none: the extended Euclidean algorithm in steps that are always the
 * same number and the same work (D. J. Bernstein and B.-Y. Yang, "Fast constant-time gcd computation and modular
 * inversion", 2019). The polynomials f and g, and with them v and r, get smaller from their constant terms.
 */
export function invert(a: Polynomial, modulus: Modulus): Polynomial | undefined {
  const { m, inverse } = modulus;
  const f = new Int32Array(P + 1);
  const g = new Int32Array(P + 1);
  const v = new Int32Array(P + 1);
  const r = new Int32Array(P + 1);
  f[0] = 1;
  f[P - 1] = -1;
  f[P] = -1;
  for (let i = 0; i < P; i++) g[P - 1 - i] = a[i]!;
  r[0] = 1;
  let delta = 1;

  for (let step = 0; step < 2 * P - 1; step++) {
    v.copyWithin(1, 0, P);
    v[0] = 0;
    // All ones where delta > 0 and g has a constant term.
    const swap = (-delta >> 31) & (-(g[0]! & 0xffff) >> 31);
    delta ^= swap & (delta ^ -delta);
    delta += 1;
    const first = swap & (f[0]! ^ g[0]!);
    const f0 = f[0]! ^ first;
    const g0 = g[0]! ^ first;
    // Of f and g only what the steps to come can reach is needed; v and r have grown by one coefficient a step.
    const reach = Math.min(P, 2 * P - 2 - step);
    for (let i = 0; i <= reach; i++) {
      const fg = swap & (f[i]! ^ g[i]!);
      const fi = f[i]! ^ fg;
      const x = Math.imul(f0, g[i]! ^ fg) - Math.imul(g0, fi);
      f[i] = fi;
      g[i] = x - m * Math.floor(x * inverse + 0.5);
    }
    const grown = Math.min(P, step + 1);
    for (let i = 0; i <= grown; i++) {
      const vr = swap & (v[i]! ^ r[i]!);
      const vi = v[i]! ^ vr;
      const y = Math.imul(f0, r[i]! ^ vr) - Math.imul(g0, vi);
      v[i] = vi;
      r[i] = y - m * Math.floor(y * inverse + 0.5);
    }
    g.copyWithin(0, 1);
    g[P] = 0;
  }
  const scale = power(f[0]!, m - 2, modulus);
  const result = new Int32Array(P);
  for (let i = 0; i < P; i++) result[i] = reduce(scale * v[P - 1 - i]!, modulus);
  for (const spent of [f, g, v, r]) spent.fill(0);
  return delta === 0 ? result : undefined;
}

/** The exponent is no secret. */
function power(base: number, exponent: number, modulus: Modulus): number {
  let result = 1;
  for (let bit = 31 - Math.clz32(exponent); bit >= 0; bit--) {
    result = reduce(result * result, modulus);
    if ((exponent >> bit) & 1) result = reduce(result * base, modulus);
  }
  return result;
}

/** Each coefficient to the nearest multiple of 3. */
export function round(a: Polynomial): Polynomial {
  return a.map((coefficient) => coefficient - reduce(coefficient, MOD_3));
}

/** Coefficients of -1 to 1, evenly, from 4 random bytes each. */
export function smallFrom(random: Uint8Array): Polynomial {
  const words = view(random);
  return Int32Array.from({ length: P }, (_, i) => {
    const bits = words.getUint32(4 * i, true) & 0x3fff_ffff;
    return Math.floor((bits * 3) / 0x4000_0000) - 1;
  });
}

/** W coefficients of -1 or 1 in random places, from 4 random bytes for each of P: marked, then sorted. */
export function shortFrom(random: Uint8Array): Polynomial {
  const words = view(random);
  const marked = new Float64Array(P);
  for (let i = 0; i < P; i++) {
    const word = words.getUint32(4 * i, true);
    marked[i] = (i < W ? word & 0xffff_fffe : (word & 0xffff_fffd) | 1) >>> 0;
  }
  sort(marked);
  const short = new Int32Array(P);
  for (let i = 0; i < P; i++) short[i] = (marked[i]! & 3) - 1;
  marked.fill(0);
  return short;
}

/** Batcher's merge exchange (Knuth, TAOCP 5.2.2 M): which pairs are compared does not depend on the values. */
function sort(values: Float64Array): void {
  const n = values.length;
  const top = 1 << (31 - Math.clz32(n - 1));
  for (let p = top; p > 0; p >>= 1) {
    let r = 0;
    let d = p;
    for (let q = top; ; q >>= 1) {
      for (let i = 0; i < n - d; i++) {
        if ((i & p) !== r) continue;
        const a = values[i]!;
        const b = values[i + d]!;
        values[i] = Math.min(a, b);
        values[i + d] = Math.max(a, b);
      }
      if (q === p) break;
      d = q - p;
      r = p;
    }
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
