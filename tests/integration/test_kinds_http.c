/* SPDX-License-Identifier: Apache-2.0 */
/* SPDX-FileCopyrightText: The coldgate authors */

/* Words of `http` against a real server: methods, TLS, names, sockets; and the revision of what
 * runs. */

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/lib/bench.h"
#include "tests/lib/test.h"
#include "tests/lib/trial.h"

enum { LIMIT_MS = 20000 };

/* Says what was asked of it: `tcp PORT`, `tls PORT`, `unix PATH`. */
static const char server[] =
        "import http.server, os, socket, socketserver, ssl, sys\n"
        "class Answer(http.server.BaseHTTPRequestHandler):\n"
        "    def say(self):\n"
        "        n = int(self.headers.get('Content-Length') or 0)\n"
        "        body = self.rfile.read(n)\n"
        "        text = b'%s %s %s length=%s\\n' % (self.command.encode(), self.path.encode(), body,\n"
        "                str(self.headers.get('Content-Length')).encode())\n"
        "        self.send_response(302 if self.path == '/away' else 200)\n"
        "        if self.path == '/away': self.send_header('Location', '/here')\n"
        "        self.send_header('Content-Length', str(len(text)))\n"
        "        self.end_headers()\n"
        "        if self.command != 'HEAD': self.wfile.write(text)\n"
        "    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = say\n"
        "    def address_string(self): return 'client'\n"
        "class Unix(socketserver.UnixStreamServer):\n"
        "    server_name = 'unix'; server_port = 0\n"
        "kind, place = sys.argv[1:]\n"
        "if kind == 'unix': it = Unix(place, Answer)\n"
        "else: it = http.server.HTTPServer(('127.0.0.1', int(place)), Answer)\n"
        "if kind == 'tls':\n"
        "    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
        "    context.load_cert_chain('cert.pem', 'key.pem')\n"
        "    it.socket = context.wrap_socket(it.socket, server_side=True)\n"
        "it.serve_forever()\n";

static void make(Trial *trial) {
        trial_make(trial, "server.py", server, 0644);
}

/* A certificate that signs itself, in the commit. */
static void make_tls(Trial *trial) {
        const ProcessSpec spec = {.argv = {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                           "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                                           "-keyout", "key.pem", "-out", "cert.pem", "-subj",
                                           "/CN=ci.example.net", "-addext",
                                           "subjectAltName=DNS:ci.example.net,DNS:www.example.net"},
                                  .cwd = trial->repo.path};

        bench_run_expect(&spec, LIMIT_MS, 0, NULL);
        repo_commit(&trial->repo, "tls", trial->commit);
}

static void expect(Trial *trial, const char *words, const char *expected, int status,
                   const char *said) {
        cleanup_free char *checks =
                mem_printf("  - id: web\n    http: { %s }\n    expect: { %s }\n", words, expected);

        trial_expect(trial, checks, status, said);
}

#define TCP  "serve: [python3, server.py, tcp, \"8125\"], url: \"http://127.0.0.1:8125"
#define TLS  "serve: [python3, server.py, tls, \"8126\"], url: \"https://ci.example.net:8126/\""
#define NAME "resolve: [\"ci.example.net:8126:127.0.0.1\"]"

TEST(methods_and_bodies_arrive_as_the_plan_says) {
        cleanup_trial Trial trial;

        make(&trial);
        expect(&trial, TCP "/a\", method: PUT, body: \"{}\"",
               "status: 200, body: { contains: \"PUT /a {} length=2\" }", TRIAL_PASS, "PASS  M1");
        expect(&trial, TCP "/a\", method: POST",
               "status: 200, body: { contains: \"POST /a  length=0\" }", TRIAL_PASS, "PASS  M1");
        expect(&trial, TCP "/a\", method: DELETE", "status: 200, body: { contains: DELETE /a }",
               TRIAL_PASS, "PASS  M1");
        expect(&trial, TCP "/a\", method: HEAD",
               "status: 200, headers: { Content-Length: { number: { gt: 0 } } }", TRIAL_PASS,
               "PASS  M1");
}

TEST(redirects_are_followed_only_where_the_plan_says_so) {
        cleanup_trial Trial trial;

        make(&trial);
        expect(&trial, TCP "/away\"", "status: 302, headers: { Location: /here }", TRIAL_PASS,
               "PASS  M1");
        expect(&trial, TCP "/away\", follow-redirects: true",
               "status: 200, body: { contains: GET /here }", TRIAL_PASS, "PASS  M1");
}

TEST(a_unix_socket_of_the_sandbox_is_asked) {
        cleanup_trial Trial trial;

        make(&trial);
        expect(&trial,
               "serve: [python3, server.py, unix, /work/app.sock], "
               "unix-socket: /work/app.sock, url: \"http://localhost/x\"",
               "status: 200, body: { contains: GET /x }", TRIAL_PASS, "PASS  M1");
}

TEST(a_unix_socket_that_nobody_makes_is_not_ready) {
        cleanup_trial Trial trial;

        make(&trial);
        trial_expect(&trial,
                     "  - id: web\n    timeout: 500ms\n    http: { serve: sleep 1000, "
                     "unix-socket: /work/app.sock, url: \"http://localhost/x\" }\n"
                     "    expect: { status: 200 }\n",
                     TRIAL_FAIL, "server.not-ready");
}

TEST(a_certificate_is_believed_by_the_commit_s_own_authority) {
        cleanup_trial Trial trial;

        make(&trial);
        make_tls(&trial);
        expect(&trial, TLS ", " NAME ", ca-file: cert.pem",
               "status: 200, certificate: { valid: true, subject: CN=ci.example.net, "
               "names: { contains: www.example.net, line-count: 2 }, "
               "expires-in: { between: [28d, 31d] } }",
               TRIAL_PASS, "PASS  M1");
        expect(&trial, TLS ", " NAME ", ca-file: cert.pem",
               "status: 200, certificate: { expires-in: { ge: 60d } }", TRIAL_FAIL,
               "assert.certificate");
        expect(&trial, TLS ", " NAME, "status: 200", TRIAL_FAIL, "http.tls");
        expect(&trial, TLS ", " NAME ", insecure: true",
               "status: 200, certificate: { issuer: CN=ci.example.net }", TRIAL_PASS, "PASS  M1");
        expect(&trial, TLS ", " NAME ", ca-file: nowhere.pem", "status: 200", TRIAL_FAIL,
               "http.ca-file");
}

static void expect_revision(Trial *trial, unsigned port, const char *path, int status,
                            const char *said) {
        cleanup_free char *checks =
                mem_printf("  - id: rev\n    network: host\n"
                           "    revision: { url: \"http://127.0.0.1:%u/%s\", jsonpath: $.rev }\n",
                           port, path);

        trial_expect(trial, checks, status, said);
}

/* Serves a directory of answers on a port that it chooses. */
static Process *serve_answers(const Trial *trial, const char *dir, unsigned *ret_port) {
        ProcessSpec spec = {.argv = {"python3", "-u", "-m", "http.server", "-b", "127.0.0.1", "0"},
                            .cwd = dir};
        cleanup_free char *right = mem_printf("{\"rev\": \"%s\"}", trial->commit);
        Process *process;
        const char *port;

        bench_write(dir, "right", right, 0644);
        bench_write(dir, "old", "{\"rev\": \"0123456789abcdef0123456789abcdef01234567\"}", 0644);
        bench_write(dir, "none", "<html>Log in</html>", 0644);
        process = process_start(&spec);
        process_wait_text(process, "Serving HTTP", LIMIT_MS);
        process_wait_text(process, ") ...", LIMIT_MS);
        port = strstr(process_get_out(process), "port ");
        CHECK(port != NULL);
        *ret_port = (unsigned)strtoul(port + 5, NULL, 10);
        return process;
}

TEST(what_runs_must_name_the_claimed_commit) {
        cleanup_trial Trial trial;
        cleanup(process_freep) Process *process = NULL;
        unsigned port;

        make(&trial);
        process = serve_answers(&trial, test_dir(), &port);
        expect_revision(&trial, port, "right", TRIAL_PASS, "PASS  M1");
        expect_revision(&trial, port, "old", TRIAL_FAIL, "revision.other");
        expect_revision(&trial, port, "none", TRIAL_FAIL, "(the answer is not JSON)");
        expect_revision(&trial, port, "absent", TRIAL_FAIL, "assert.status");
        process_kill(process);
        expect_revision(&trial, port, "right", TRIAL_FAIL, "http.refused");
}
