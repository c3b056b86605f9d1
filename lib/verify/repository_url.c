/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/*
 * Which URLs may be fetched, and what a full commit id looks like. A URL comes from the claimant
 * and ends as an argument of git, of ssh and of a remote shell, and it stays in the ledger for
 * ever: the grammar is a short list of what is allowed, not a list of known attacks.
 */

#include "verify/mirror.h"

#include <string.h>

#include "base/text.h"

enum { URL_BYTES_MAX = 2048, SHOWN_BYTES = 200, USER_BYTES_MAX = 64, HOST_BYTES_MAX = 253 };

static bool is_digit(uint8_t c) {
        return c >= '0' && c <= '9';
}

static bool is_word(uint8_t c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(uint8_t c) {
        return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_one_of(uint8_t c, const char *set) {
        return c && strchr(set, c);
}

static bool starts_with(Slice text, const char *prefix) {
        return text.n >= strlen(prefix) && memcmp(text.data, prefix, strlen(prefix)) == 0;
}

static uint8_t hex_value(uint8_t c) {
        return (uint8_t)(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
}

static const char *check_user(Slice user) {
        if (!user.n || user.n > USER_BYTES_MAX)
                return "its user is empty or too long";
        if (!is_word(user.data[0]))
                return "its user does not begin with a letter or digit";
        for (size_t i = 0; i < user.n; i++)
                if (!is_word(user.data[i]) && !is_one_of(user.data[i], "._-"))
                        return "its user has characters other than letters, digits and . _ -";
        return NULL;
}

static const char *check_port(Slice port) {
        unsigned number = 0;

        for (size_t i = 0; i < port.n; i++) {
                if (!is_digit(port.data[i]) || i == 5)
                        return "its port is not a number";
                number = number * 10 + (port.data[i] - '0');
        }
        return number == 0 || number > 65535 ? "its port is not within 1 to 65535" : NULL;
}

static const char *check_name(Slice host) {
        if (!host.n || host.n > HOST_BYTES_MAX)
                return "its host is empty or too long";
        if (!is_word(host.data[0]))
                return "its host does not begin with a letter or digit";
        for (size_t i = 0; i < host.n; i++)
                if (!is_word(host.data[i]) && !is_one_of(host.data[i], ".-"))
                        return "its host has characters other than letters, digits, . and -";
        return NULL;
}

static const char *check_address(Slice address) {
        if (address.n < 2)
                return "its address is empty";
        for (size_t i = 0; i < address.n; i++)
                if (!is_hex(address.data[i]) && !is_one_of(address.data[i], ":."))
                        return "its address in brackets is not one of IPv6";
        return NULL;
}

static const char *check_host_port(Slice text) {
        bool is_address = text.n && text.data[0] == '[';
        size_t n_host = slice_find(text, slice_text(is_address ? "]" : ":"));
        Slice port = slice_from(text, n_host + (is_address ? 1 : 0));
        const char *why;

        if (is_address && n_host == text.n)
                return "its address has no closing bracket";
        why = is_address ? check_address(slice_from(slice_head(text, n_host), 1))
                         : check_name(slice_head(text, n_host));
        if (why || !port.n)
                return why;
        return port.data[0] == ':' ? check_port(slice_from(port, 1))
                                   : "what follows its address is not a port";
}

/* `%41` and the like; git undoes them, so that what may not stand plainly may not hide there. */
static const char *check_escape(Slice rest) {
        uint8_t byte;

        if (rest.n < 3 || !is_hex(rest.data[1]) || !is_hex(rest.data[2]))
                return "a % in it is not followed by two hex digits";
        byte = (uint8_t)(hex_value(rest.data[1]) << 4 | hex_value(rest.data[2]));
        if (byte < ' ' || byte == 0x7f || is_one_of(byte, "/.%:"))
                return "an escape in it hides a control character or a separator";
        return NULL;
}

static const char *check_component(Slice component) {
        if (slice_is(component, ".") || slice_is(component, ".."))
                return "its path has a component . or ..";
        if (component.n && component.data[0] == '-')
                return "a component of its path begins with -";
        return NULL;
}

static const char *check_path(Slice path) {
        if (path.n < 2 || path.data[0] != '/')
                return "it has no absolute path";
        if (slice_find(path, slice_text("::")) < path.n)
                return "its path contains ::";
        for (size_t i = 0; i < path.n; i++) {
                const char *why = NULL;

                if (path.data[i] == '%')
                        why = check_escape(slice_from(path, i));
                else if (!is_word(path.data[i]) && !is_one_of(path.data[i], "/._~+,=@:-"))
                        why = "its path has a character that must be written as %XX, a query or "
                              "a fragment";
                if (why)
                        return why;
        }
        while (path.n) {
                Slice component = slice_from(path, 1);
                const char *why;

                component = slice_head(component, slice_find(component, slice_text("/")));
                why = check_component(component);
                if (why)
                        return why;
                path = slice_from(path, 1 + component.n);
        }
        return NULL;
}

static const char *check_remote(Slice rest, bool may_have_user) {
        size_t n_authority = slice_find(rest, slice_text("/"));
        Slice authority = slice_head(rest, n_authority);
        size_t n_user = slice_find(authority, slice_text("@"));
        const char *why;

        if (n_user < authority.n) {
                if (!may_have_user)
                        return "a user or a secret before the host does not belong into a ledger";
                why = check_user(slice_head(authority, n_user));
                if (why)
                        return why;
                authority = slice_from(authority, n_user + 1);
        }
        why = check_host_port(authority);
        return why ? why : check_path(slice_from(rest, n_authority));
}

static const char *check(Slice url) {
        if (url.n > URL_BYTES_MAX)
                return "it is too long";
        if (starts_with(url, "https://"))
                return check_remote(slice_from(url, strlen("https://")), false);
        if (starts_with(url, "ssh://"))
                return check_remote(slice_from(url, strlen("ssh://")), true);
        if (starts_with(url, "file://"))
                return check_path(slice_from(url, strlen("file://")));
        return "it does not begin with https://, ssh:// or file://";
}

/* What people have at hand: a path, and what forges show for ssh. */
static void suggest(Slice url, Fault *fault) {
        size_t colon = slice_find(url, slice_text(":")), slash = slice_find(url, slice_text("/"));
        cleanup_buf Buf name = BUF_TEXT;

        if (slice_find(url, slice_text("://")) == url.n && url.n && url.data[0] == '/')
                buf_printf(&name, "file://%.*s", SLICE_ARGS(url));
        else if (slice_find(url, slice_text("://")) == url.n && colon < slash && colon)
                buf_printf(&name, "ssh://%.*s/%.*s", SLICE_ARGS(slice_head(url, colon)),
                           SLICE_ARGS(slice_from(url, colon + 1)));
        if (name.n && !check(buf_get(&name)))
                fault_next(fault, "--repo %s", buf_get_text(&name));
        else
                fault_next(fault, "name it as https://HOST/PATH, ssh://USER@HOST/PATH or "
                                  "file:///PATH");
}

int repository_url_check(Slice url, Fault *reterr_fault) {
        cleanup_buf Buf shown = BUF_INIT(SHOWN_BYTES);
        const char *why = check(url);

        if (!why)
                return 0;
        text_make_name_visible(url, &shown);
        fault_set(reterr_fault, "claim.repository-url", "the repository's URL is refused: %s", why);
        fault_place(reterr_fault, "%s", buf_get_text(&shown));
        suggest(url, reterr_fault);
        return PREP_E_URL;
}

bool commit_id_is_full(Slice commit) {
        if (commit.n != 40 && commit.n != COMMIT_HEX_MAX)
                return false;
        for (size_t i = 0; i < commit.n; i++)
                if (!is_digit(commit.data[i]) && !(commit.data[i] >= 'a' && commit.data[i] <= 'f'))
                        return false;
        return true;
}
