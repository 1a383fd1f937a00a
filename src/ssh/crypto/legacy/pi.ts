/**
 * The first `bits` bits (a multiple of 32) of the fraction of pi, as 32-bit words: what the tables of Blowfish are
 * made of. Machin's formula, pi/4 = 4 arctan(1/5) - arctan(1/239), in fixed point.
 */
export function fractionOfPi(bits: number): Int32Array {
  const guard = 64n;
  const one = 1n << (BigInt(bits) + guard);
  const pi = 4n * (4n * inverseTangent(5n, one) - inverseTangent(239n, one));
  const rest = (pi - 3n * one) >> guard;
  const words = new Int32Array(bits / 32);
  const hex = rest.toString(16).padStart(bits / 4, '0');
  for (let index = 0; index < words.length; index++) {
    words[index] = Number.parseInt(hex.slice(8 * index, 8 * index + 8), 16) | 0;
  }
  return words;
}

/** arctan(1/x) by its power series, scaled by `one`. */
function inverseTangent(x: bigint, one: bigint): bigint {
  const square = x * x;
  let power = one / x;
  let sum = power;
  for (let n = 3n, sign = -1n; power !== 0n; n += 2n, sign = -sign) {
    power /= square;
    sum += (sign * power) / n;
  }
  return sum;
}
