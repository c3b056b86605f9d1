// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The coldgate authors
// Amounts are whole cents.

export function parse(text) {
  const match = /^(-?)(\d+)\.(\d\d)$/.exec(text);
  if (!match) throw new RangeError(`not an amount: ${text}`);
  const cents = Number(match[2]) * 100 + Number(match[3]);
  return match[1] ? -cents : cents;
}

export function format(cents) {
  const digits = String(Math.abs(cents)).padStart(3, "0");
  return `${cents < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

export function split(cents, n) {
  return Array.from({ length: n }, () => Math.round(cents / n));
}
