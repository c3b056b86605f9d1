"""tally: counts words, from the command line and over HTTP."""

import collections
import http.server
import json
import sys
import urllib.parse


def tally(text):
    """Words and how often they occur, most frequent first, then in the alphabet's order."""
    counts = collections.Counter(text.lower().split())
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path != "/count":
            self.send_error(404)
            return
        query = urllib.parse.parse_qs(url.query)
        body = json.dumps(tally(query.get("text", [""])[0])).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main(arguments):
    if arguments[:1] == ["count"]:
        for word, count in tally(sys.stdin.read()).items():
            print(word, count)
    elif arguments[:1] == ["serve"] and len(arguments) == 2:
        address = ("127.0.0.1", int(arguments[1]))
        http.server.HTTPServer(address, Handler).serve_forever()
    else:
        print("usage: tally.py count | tally.py serve PORT", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
