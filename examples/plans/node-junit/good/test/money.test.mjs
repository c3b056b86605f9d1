// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The coldgate authors
import assert from "node:assert/strict";
import test from "node:test";

import { format, parse, split } from "../money.mjs";

test("an amount is read", () => assert.equal(parse("12.34"), 1234));
test("a debt is read", () => assert.equal(parse("-0.05"), -5));
test("what is no amount is refused", () => assert.throws(() => parse("1,5"), RangeError));
test("an amount is written", () => assert.equal(format(5), "0.05"));
test("no cent is lost when it is split", () => assert.deepEqual(split(100, 3), [34, 33, 33]));
