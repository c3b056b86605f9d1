// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The coldgate authors
// JUnit XML of node:test, for versions of node that have no reporter of their own for it.

const marks = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text) => String(text).replace(/[&<>"]/g, (mark) => marks[mark]);

export default async function* junit(events) {
  yield '<?xml version="1.0"?>\n<testsuite name="money">\n';
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const inside =
      data.skip !== undefined ? "<skipped/>"
      : type === "test:fail" ? `<failure message="${escape(data.details.error.message)}"/>`
      : "";
    yield `  <testcase classname="money" name="${escape(data.name)}">${inside}</testcase>\n`;
  }
  yield "</testsuite>\n";
}
