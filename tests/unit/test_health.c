/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* How a broker does: what who asks is told, and what a person hears of it unasked. */

#include "base/mem.h"
#include "broker/io_parts.h"
#include "broker/ledger_db.h"
#include "tests/lib/desk.h"
#include "tests/lib/test.h"

enum { LOG_LONG = 20 << 20, LOG_FULL = 64 << 20 };

/* A ledger without a database: only its log's length is looked at. */
typedef struct Ward {
        Desk desk;
        Ledger ledger;
        Io io;
} Ward;

static void ward_open(Ward *ward) {
        *ward = (Ward){.ledger = {.path = mem_strdup(test_dir())}};
        desk_open(&ward->desk);
        ward->io = (Io){.ledger = &ward->ledger, .core = ward->desk.core};
}

static void ward_close(Ward *ward) {
        desk_close(&ward->desk);
        free(ward->ledger.path);
}

static size_t count_alerts(const Ward *ward) {
        return desk_state(&ward->desk)->n_alerts;
}

static void look(Ward *ward, uint64_t log_bytes) {
        ward->ledger.log_bytes = log_bytes;
        CHECK_EQ_INT(io_watch_log(&ward->io), 0);
}

TEST(a_long_log_is_an_alert_once) {
        static Ward ward;

        ward_open(&ward);
        look(&ward, 0);
        CHECK_EQ_U64(count_alerts(&ward), 0);
        look(&ward, LOG_LONG);
        look(&ward, LOG_LONG);
        CHECK_EQ_U64(count_alerts(&ward), 1);
        ward_close(&ward);
}

TEST(a_long_log_is_an_alert_as_soon_as_there_is_room_for_one) {
        static Ward ward;

        ward_open(&ward);
        ward.desk.port.is_full = true;
        look(&ward, LOG_LONG);
        CHECK_EQ_U64(count_alerts(&ward), 0);
        ward.desk.port.is_full = false;
        look(&ward, LOG_LONG);
        CHECK_EQ_U64(count_alerts(&ward), 1);
        ward_close(&ward);
}

TEST(a_log_that_became_short_unsaid_is_not_said) {
        static Ward ward;

        ward_open(&ward);
        ward.desk.port.is_full = true;
        look(&ward, LOG_LONG);
        ward.desk.port.is_full = false;
        look(&ward, 0);
        CHECK_EQ_U64(count_alerts(&ward), 0);
        ward_close(&ward);
}

TEST(who_asks_for_health_changes_nothing) {
        cleanup_buf Buf well = BUF_TEXT, full = BUF_TEXT, lost = BUF_TEXT;
        static Ward ward;
        Ledger before;

        ward_open(&ward);
        CHECK(io_print_health(&ward.io, &well));
        CHECK_EQ_TEXT(buf_get_text(&well), "ok\n");
        ward.ledger.log_bytes = LOG_FULL;
        memcpy(&before, &ward.ledger, sizeof before);
        CHECK(!io_print_health(&ward.io, &full));
        CHECK_CONTAINS(buf_get_text(&full), "log-full: ");
        CHECK(memcmp(&before, &ward.ledger, sizeof before) == 0);
        ward.ledger.log_bytes = 0;
        free(ward.ledger.path);
        ward.ledger.path = mem_printf("%s/gone/ledger.db", test_dir());
        CHECK(!io_print_health(&ward.io, &lost));
        CHECK_CONTAINS(buf_get_text(&lost), "cannot be asked");
        ward_close(&ward);
}
