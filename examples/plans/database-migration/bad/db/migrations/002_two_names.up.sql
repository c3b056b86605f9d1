-- SPDX-License-Identifier: Apache-2.0
-- SPDX-FileCopyrightText: The coldgate authors
ALTER TABLE person ADD COLUMN given text, ADD COLUMN family text;
UPDATE person SET
	given = split_part(name, ' ', 1),
	family = nullif(split_part(name, ' ', 2), '');
ALTER TABLE person ALTER COLUMN given SET NOT NULL, DROP COLUMN name;
