#!/usr/bin/python3
"""A group on this machine, for trying adapters: takes a robot's messages, remembers what is said.

    group_sim.py [--port 8099]

    POST /send      {group, key?, msgtype="text", text={content}} → {errcode=0, errmsg="ok", msgid}; the same key again is the same message
    POST /say       {group, sender, text, quotes?=msgid} → {msgid}: a person speaks
    GET  /messages?after=N → {messages=[{seq, group, sender, text, is_robot, quoted?}]}
"""

import argparse
import http.server
import json
import threading
import urllib.parse


class Room:
    def __init__(self):
        self.lock = threading.Lock()
        self.messages, self.by_key = [], {}
        self.refuses = 0  # so many sends fail

    def add(self, group, sender, text, is_robot, key=None, quotes=None):
        with self.lock:
            if key is not None and key in self.by_key:
                return self.by_key[key]
            message = {"seq": len(self.messages) + 1, "group": group, "sender": sender, "text": text, "is_robot": is_robot}
            if quotes is not None:
                message["quoted"] = self.messages[quotes - 1]["text"]
            self.messages.append(message)
            if key is not None:
                self.by_key[key] = message["seq"]
            return message["seq"]

    def after(self, seq):
        with self.lock:
            return self.messages[seq:seq + 100]


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, body, status=200):
        data = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        room, body = self.server.room, json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/send" and room.refuses > 0:
            room.refuses -= 1
            self.answer({"errcode": 45009, "errmsg": "api freq out of limit"})
        elif self.path == "/send":
            msgid = room.add(body["group"], "tocsin", body["text"]["content"], True, body.get("key"))
            self.answer({"errcode": 0, "errmsg": "ok", "msgid": msgid})
        elif self.path == "/say":
            self.answer({"msgid": room.add(body["group"], body["sender"], body["text"], False, quotes=body.get("quotes"))})
        else:
            self.answer({"errcode": 404, "errmsg": "no such page"}, 404)

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        if url.path != "/messages":
            self.answer({"errcode": 404, "errmsg": "no such page"}, 404)
            return
        after = int(urllib.parse.parse_qs(url.query).get("after", ["0"])[0])
        self.answer({"messages": self.server.room.after(after)})

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Handler)
        self.room = Room()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8099)
    server = Server(parser.parse_args().port)
    print("the group is at http://127.0.0.1:%d" % server.server_address[1], flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
