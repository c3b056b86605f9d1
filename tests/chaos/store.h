/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */
#pragma once

/* A disk that becomes full and then is not. */

/* Mounts a small file system over a directory, or skips the test. */
typedef void (*StoreMount)(const char *dir);

/* Who waits is refused within a tenth of a second, who does not is kept, what was answered is
 * there, and all goes on within a second. */
void store_fill(StoreMount give_disk);
