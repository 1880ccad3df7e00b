/** Python's `'%3.3f' % value`: three decimals of the exact binary number, a tie to the even digit. */
export function threeDecimals(value: number): string {
  // toFixed rounds the exact number too, but a tie away from zero. Ties at the third decimal are multiples of 1/16 that are not of 1/8.
  const sixteenths = value * 16;
  const isTie = Number.isInteger(sixteenths) && sixteenths % 2 !== 0;
  if (!isTie) return signed(value, Math.abs(value).toFixed(3));
  const below = Math.floor(Math.abs(value) * 1000);
  return signed(value, ((below % 2 === 0 ? below : below + 1) / 1000).toFixed(3));
}

const signed = (value: number, digits: string) => (value < 0 || Object.is(value, -0) ? `-${digits}` : digits);
