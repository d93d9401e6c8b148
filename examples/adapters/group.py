#!/usr/bin/python3
"""Group messages (WeCom, BSIM) in both directions: tasks of kind group_message go out, what is said comes in.

    group.py --tocsin http://127.0.0.1:8080 --token-file FILE --group http://127.0.0.1:8099 --state FILE [--once]

Nothing but Python's own library. May be killed at any moment: what is not acknowledged is done again under the same name.
"""

import argparse
import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

CHANNEL = "wecom"
KIND = "group_message"
NO = re.compile(r"[A-Z]+\d{8}-(\d{6,})")
OPENS = re.compile(r"^(?:投诉|complaint)[\s:：]+(1\d{10})[\s:：,，]*(.+)$", re.S)


def call(url, body=None, headers=None, timeout=10):
    """(status, JSON) of one request; status 0 when nobody answers."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read()
        try:
            return error.code, json.loads(text)
        except ValueError:
            return error.code, {}
    except (OSError, ValueError):
        return 0, {}


class Refused(Exception):
    """Tocsin says no; trying again is of no use."""


class Away(Exception):
    """The other side does not answer now."""


class Tocsin:
    def __init__(self, url, token):
        self.url, self.headers = url.rstrip("/"), {"Authorization": "Bearer " + token}

    def call(self, method, **args):
        status, answer = call("%s/rpc/%s" % (self.url, method), args, self.headers)
        if status == 200:
            return answer
        error = answer.get("error", {})
        if status in (0, 401, 403) or status >= 500:
            raise Away("%s: %s" % (method, error.get("message", "no answer")))
        raise Refused(error.get("message", "status %d" % status), error.get("code"), error.get("reason", ""))


class Group:
    """The group's side. A real one has the same three: send, what was said since, and a name for each message."""

    def __init__(self, url):
        self.url = url.rstrip("/")

    def send(self, group, text, key):
        status, answer = call(self.url + "/send", {"group": group, "key": key, "msgtype": "text", "text": {"content": text}})
        if status != 200 or answer.get("errcode") != 0:
            raise Away(answer.get("errmsg", "the group answered %d" % status))
        return answer["msgid"]

    def said_after(self, seq):
        status, answer = call("%s/messages?%s" % (self.url, urllib.parse.urlencode({"after": seq})))
        if status != 200:
            raise Away("the group answered %d" % status)
        return answer["messages"]


class State:
    """How far we have read the group: {after}; replaced in one step."""

    def __init__(self, path):
        self.path, self.after = path, 0
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                self.after = json.load(f)["after"]

    def save(self, after):
        with open(self.path + ".part", "w", encoding="utf-8") as f:
            json.dump({"after": after}, f)
            f.flush()
            os.fsync(f.fileno())
        os.replace(self.path + ".part", self.path)
        self.after = after


class Adapter:
    def __init__(self, tocsin, group, state, worker="group"):
        self.tocsin, self.group, self.state, self.worker = tocsin, group, state, worker

    # ---- out
    def send_tasks(self):
        """What is due; the number of tasks."""
        tasks = self.tocsin.call("task.claim", worker=self.worker, kinds=[KIND], limit=20)["tasks"]
        for task in tasks:
            done = {"id": task["id"], "worker": self.worker}
            try:
                data = task["data"]
                done.update(ok=True, result={"msgid": self.group.send(data["group"], data["text"], "task:%d" % task["id"])})
            except KeyError as missing:
                done.update(ok=False, retry=False, error="the task has no %s" % missing)
            except Away as why:
                done.update(ok=False, error=str(why))
            try:
                self.tocsin.call("task.done", **done)
            except Refused as why:
                print("task %d: %s" % (task["id"], why.args[0]), file=sys.stderr)
        return len(tasks)

    # ---- in
    def ticket_of(self, message):
        """The order that the message, or the one it quotes, names by its number."""
        for text in (message["text"], message.get("quoted", "")):
            for no in NO.finditer(text):
                try:
                    ticket = self.tocsin.call("ticket.get", id=int(no.group(1)))
                except Refused:
                    continue
                if ticket["no"] == no.group(0):
                    return ticket["id"]
        return None

    def open_order(self, name, message, number, text):
        try:
            answer = self.tocsin.call("ticket.create", channel=CHANNEL, number=number, text=text.strip(), source_ref=name,
                title="%s @ %s" % (message["sender"], message["group"]))
            no = answer["no"]
        except Refused as why:
            if why.args[1] != "conflict" or not why.args[2].startswith("id="):
                raise
            no = self.tocsin.call("ticket.get", id=int(why.args[2][3:]))["no"]  # said before the last kill
        self.group.send(message["group"], "已受理【%s】" % no, name)

    def take(self, message):
        name = "group:%d" % message["seq"]
        opens = OPENS.match(message["text"])
        if message["is_robot"]:
            return
        if opens:
            self.open_order(name, message, *opens.groups())
            return
        ticket = self.ticket_of(message)
        if ticket is not None:
            self.tocsin.call("contact.add", ticket=ticket, channel=CHANNEL, kind="add_info", request_id=name,
                text="%s：%s" % (message["sender"], message["text"]))

    def read_group(self):
        """What was said since; the number of messages. A message that Tocsin refuses is told to the group, and passed over."""
        messages = self.group.said_after(self.state.after)
        for message in messages:
            try:
                self.take(message)
            except Refused as why:
                self.group.send(message["group"], "未能受理：%s" % why.args[0], "refused:%d" % message["seq"])
            self.state.save(message["seq"])
        return len(messages)

    def round(self):
        return self.send_tasks() + self.read_group()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--tocsin", "--token-file", "--group", "--state"):
        parser.add_argument(name, required=True)
    parser.add_argument("--once", action="store_true", help="until there is nothing more to do, then end")
    args = parser.parse_args()
    with open(args.token_file, encoding="utf-8") as f:
        token = f.readline().strip()
    adapter = Adapter(Tocsin(args.tocsin, token), Group(args.group), State(args.state))
    wait_s = 1
    while True:
        try:
            n = adapter.round()
            wait_s = 1
        except Away as why:
            print(why, file=sys.stderr)
            n, wait_s = 0, min(wait_s * 2, 30)
            if args.once:
                return 1
        if args.once and n == 0:
            return 0
        if n == 0:
            time.sleep(wait_s)


if __name__ == "__main__":
    sys.exit(main())
