/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* app: serves until it is told to stop. app health: whether it would. app rights: what it may. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void stop(int number)
{
	(void)number;
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "health") == 0) {
		puts("healthy");
	} else if (argc > 1) {
		printf("user %u\n", (unsigned)getuid());
		printf("%s\n", open("/written", O_CREAT | O_WRONLY, 0600) < 0 ? "sealed" : "writable");
	} else {
		signal(SIGTERM, stop);
		for (;;)
			pause();
	}
	return 0;
}
