/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* A probe program after the verdict, honest at one gate, endless at the next, malformed at the
 * last, and curious at all of them. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/options.h"
#include "tests/lib/handshake.h"
#include "tests/lib/test.h"

enum { PROGRAM_BYTES = 64 };

/* What it finds out is in its words: whether it sees the tree, the key, the network, and a word of
 * what it was told. */
static const char script[] =
        "#!/bin/bash\n"
        "facts=$(cat)\n"
        "dir=${facts#*\\\"repository\\\":\\\"file://} dir=${dir%%\\\"*}\n"
        "tree=$(cat greeting) key=hidden net=none\n"
        "cat \"$dir\"/.coldgate/keys/adversary \"$dir\"/.coldgate/config && key=seen\n"
        "find /root /home /tmp /var/tmp -path '*keys/adversary' 2>/dev/null | grep -q . && key=seen\n"
        "grep -q -v -E '^ *lo:|\\|' /proc/net/dev && net=some\n"
        "echo spoilt > greeting\n"
        "case $facts in\n"
        "*'\"gate\":\"GREETS\"'*'\"decision\":\"PASS\"'*)\n"
        "  echo '{\"finding\":{\"severity\":\"minor\",\"title\":\"odd manners\",'\\\n"
        "       '\"detail\":\"tree '$tree', key '$key', net '$net'\"}}'\n"
        "  echo; echo '{\"probe\":{\"title\":\"looked around\",\"gate\":\"COUNTS\"}}' ;;\n"
        "*'\"gate\":\"COUNTS\"'*)\n"
        "  echo '{\"probe\":{\"title\":\"before the end of time\"}}'\n"
        "  echo -n '{\"probe\":{\"title\":\"half a line\"}}'\n"
        "  while :; do sleep 0.1; done ;;\n"
        "*)\n"
        "  echo '{\"finding\":{\"title\":\"never filed\"}}'\n"
        "  echo 'no JSON' ;;\n"
        "esac\n";

static void start(Handshake *handshake) {
        char name[PROGRAM_BYTES], path[PROGRAM_BYTES + 8];

        handshake_init(handshake);
        (void)snprintf(name, sizeof name, "coldgate-probe-%d", (int)getpid());
        (void)snprintf(path, sizeof path, "/tmp/%s", name);
        bench_write("/tmp", name, script, 0755);
        handshake_start_broker(handshake);
        handshake->adversary = handshake_spawn(handshake, "COLDGATE_ADVERSARY", "run", "--probe",
                                               path, "--probe-timeout", "3s");
        process_wait_text(handshake->adversary, "ready", HANDSHAKE_MS);
}

static void stop(void) {
        char path[PROGRAM_BYTES];

        (void)snprintf(path, sizeof path, "/tmp/coldgate-probe-%d", (int)getpid());
        (void)unlink(path);
}

TEST(a_probe_program_files_findings_and_probes_behind_the_verdict_and_nothing_else) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;

        start(&handshake);
        CHECK_EQ_INT(BUILDER(&handshake, &out, "claim", "GREETS", "COUNTS", "SLOW", "--wait"),
                     EXIT_HOLDS);
        process_wait_text(handshake.adversary, "has ended: 2 entries", HANDSHAKE_MS);
        process_wait_text(handshake.adversary, "did not end in time", HANDSHAKE_MS);
        process_wait_text(handshake.adversary, "has ended: 1 entry", HANDSHAKE_MS);
        process_wait_text(handshake.adversary, "line 2: it is neither", HANDSHAKE_MS);
        process_wait_text(handshake.adversary, "has ended: 0 entries", HANDSHAKE_MS);
        stop();
        handshake_await(&handshake, "probe", 2);
        CHECK_EQ_U64(handshake_count(&handshake, "finding"), 1);
        CHECK_EQ_U64(handshake_count(&handshake, "probe"), 2);
        CHECK_EQ_INT(BROKER(&handshake, &out, "log", "--json", "--kind", "finding"), EXIT_HOLDS);
        CHECK_CONTAINS(buf_get_text(&out), "tree hello, key hidden, net none");
        CHECK_CONTAINS(buf_get_text(&out), "\"severity\":\"minor\",\"blocks\":\"nothing\"");
        CHECK_CONTAINS(buf_get_text(&out), "\"verdict\":");
        CHECK_EQ_INT(BROKER(&handshake, &out, "log", "--json", "--kind", "probe"), EXIT_HOLDS);
        CHECK_CONTAINS(buf_get_text(&out), "before the end of time");
        CHECK(!strstr(buf_get_text(&out), "half a line"));
        CHECK_EQ_INT(BUILDER(&handshake, &out, "done", "--wait"), EXIT_HOLDS);
        handshake_verify(&handshake);
}

TEST(a_program_that_cannot_be_run_is_refused_at_the_start) {
        cleanup_handshake Handshake handshake;
        cleanup_buf Buf out = BUF_TEXT;

        handshake_init(&handshake);
        CHECK_EQ_INT(handshake_run(&handshake, "COLDGATE_ADVERSARY", &out, "run", "--probe",
                                   "/no/such/program"),
                     EXIT_USAGE);
        CHECK_CONTAINS(buf_get_text(&out), "probe-unusable");
        CHECK_EQ_INT(handshake_run(&handshake, "COLDGATE_ADVERSARY", &out, "run", "--probe",
                                   "/bin/true", "--probe-network", "all"),
                     EXIT_USAGE);
        CHECK_CONTAINS(buf_get_text(&out), "option-value");
}
