-- SPDX-License-Identifier: Apache-2.0
-- SPDX-FileCopyrightText: The coldgate authors
ALTER TABLE person ADD COLUMN name text;
UPDATE person SET name = concat_ws(' ', given, family);
ALTER TABLE person ALTER COLUMN name SET NOT NULL, DROP COLUMN given, DROP COLUMN family;
