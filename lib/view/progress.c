/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* One line that says how far it is. */

#include "view/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/utf8.h"
#include "view/status.h"

enum { QUIET_MS = 1000, REDRAW_MS = 200, LINE_MS = 30000, WIDTH_FALLBACK = 80 };

void progress_start(Progress *progress, int fd, uint64_t now_ms) {
        *progress = (Progress){.fd = fd, .is_terminal = isatty(fd), .started_ms = now_ms};
}

static size_t terminal_width(int fd) {
        struct winsize size;

        return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : WIDTH_FALLBACK;
}

/* The first `width` characters. */
static Slice cut(Slice text, size_t width) {
        Slice rest = text;

        for (; width && rest.n; width--) {
                uint32_t code;
                size_t n = utf8_read(rest, &code);

                rest = slice_from(rest, n ? n : 1);
        }
        return slice_head(text, text.n - rest.n);
}

static uint64_t due_ms(const Progress *progress) {
        if (progress->is_terminal)
                return progress->drawn_ms ? progress->drawn_ms + REDRAW_MS
                                          : progress->started_ms + QUIET_MS;
        return (progress->drawn_ms ? progress->drawn_ms : progress->started_ms) + LINE_MS;
}

/* A terminal that went away is no reason to end; nothing more is drawn there. */
static void draw(Progress *progress, Slice bytes) {
        if (progress->fd >= 0 && fd_write_all(progress->fd, bytes) != 0)
                progress->fd = -1;
}

void progress_show(Progress *progress, uint64_t now_ms, Slice text) {
        cleanup_buf Buf line = BUF_TEXT, drawn = BUF_TEXT;

        if (now_ms < due_ms(progress))
                return;
        text_make_visible(text, false, &line);
        buf_text(&line, " (");
        duration_describe((now_ms - progress->started_ms) / 1000 * 1000, &line);
        buf_text(&line, ")");
        if (progress->is_terminal) {
                buf_text(&drawn, "\r\033[K");
                buf_slice(&drawn, cut(buf_get(&line), terminal_width(progress->fd) - 1));
        } else {
                buf_slice(&drawn, buf_get(&line));
                buf_text(&drawn, "\n");
        }
        draw(progress, buf_get(&drawn));
        progress->has_line = progress->is_terminal;
        progress->drawn_ms = now_ms;
}

uint64_t progress_wait_ms(const Progress *progress, uint64_t now_ms) {
        uint64_t due = due_ms(progress);

        return due > now_ms ? due - now_ms : 0;
}

void progress_clear(Progress *progress) {
        if (progress->has_line)
                draw(progress, slice_text("\r\033[K"));
        progress->has_line = false;
}
