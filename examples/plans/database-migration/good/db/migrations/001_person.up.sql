-- SPDX-License-Identifier: Apache-2.0
-- SPDX-FileCopyrightText: The coldgate authors
CREATE TABLE person (
	id integer PRIMARY KEY,
	name text NOT NULL
);
