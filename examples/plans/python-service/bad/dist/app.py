# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The coldgate authors
"""Notes over HTTP. Usage: app.py PORT"""

import json
import pathlib
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

NOTES = ["buy milk", "be kind"]
REVISION = pathlib.Path(__file__).with_name("REVISION")


def show_home(_environ):
    return "200 OK", "text/html; charset=utf-8", "<!doctype html><title>Notes</title>", {}


def show_version(_environ):
    return "200 OK", "application/json", json.dumps({"revision": REVISION.read_text().strip()}), {}


def list_notes(_environ):
    return "200 OK", "application/json", json.dumps(NOTES), {}


def add_note(environ):
    NOTES.append(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode())
    return "201 Created", "application/json", "{}", {"Location": f"/notes/{len(NOTES)}"}


def show_admin(_environ):
    return "401 Unauthorized", "text/plain", "who are you?", {"WWW-Authenticate": "Basic"}


def show_old(_environ):
    return "308 Permanent Redirect", "text/plain", "", {"Location": "/notes"}


ROUTES = {
    ("GET", "/"): show_home,
    ("GET", "/version"): show_version,
    ("GET", "/notes"): list_notes,
    ("POST", "/notes"): add_note,
    ("GET", "/admin"): show_admin,
    ("GET", "/old-notes"): show_old,
}


def application(environ, start_response):
    route = ROUTES.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
    status, kind, body, headers = (
        route(environ) if route else ("404 Not Found", "text/plain", "no such note", {}))
    start_response(status, [("Content-Type", kind), *headers.items()])
    return [body.encode()]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments):
        pass


if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), application, handler_class=Quiet).serve_forever()
