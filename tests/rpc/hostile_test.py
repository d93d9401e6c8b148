"""What once could end the daemon: tickets larger than a page of history, times before 1970; what an old import hid; merging."""

from daemon import Case, main
from tocsin_client import RpcError


class Hostile(Case):
    def test_history_of_a_ticket_larger_than_a_page(self):
        with self.d.client() as c:
            fields = {"f%d" % i: "y" * 30000 for i in range(7)}
            made = c.call("ticket.create", channel="app", text="x", number="13800001234", fields=fields)
            page = c.call("ticket.history", id=made["id"])
            self.assertEqual([e["method"] for e in page["events"]], ["ticket.create"])

    def test_import_refuses_times_before_1970(self):
        with self.d.client() as c:
            with self.assertRaises(RpcError) as raised:
                c.call("ticket.import", channel="import", text="old", created=0, due=-1)
            self.assertIn('argument "due" is -1; expected 0 to 253402300799999', str(raised.exception))

    def test_old_import_does_not_hide_newer_complaints(self):
        with self.d.client() as c:
            first = c.call("ticket.create", channel="app", text="x", number="13800001234", category="network.slow")
            c.call("ticket.import", channel="import", text="old", number="13800001234", created=1000)
            again = c.call("ticket.create", channel="app", text="x", number="13800001234", category="network.slow")
            self.assertEqual(again.get("duplicate_of"), first["id"])

    def test_merge_and_unmerge(self):
        with self.d.client() as c:
            first = c.call("ticket.create", channel="app", text="x", number="13800001234", category="network.slow")["id"]
            other = c.call("ticket.create", channel="app", text="y", number="13800001299", category="sms.failure")["id"]
            with self.assertRaises(RpcError) as raised:
                c.call("ticket.act", id=other, action="merge", data={"ticket": other})
            self.assertIn("ticket %d cannot be linked to itself" % other, str(raised.exception))
            merged = c.call("ticket.act", id=other, action="merge", data={"ticket": first})
            self.assertEqual((merged["links"], merged["merged_into"]), ([{"type": "merged_into", "id": first}], first))
            self.assertEqual(c.call("contact.add", ticket=other, channel="app", kind="urge")["ticket"], first)
            apart = c.call("ticket.act", id=other, action="unmerge", data={"ticket": first})
            self.assertEqual((apart.get("links"), apart.get("merged_into")), (None, None))
            self.assertEqual(c.call("contact.add", ticket=other, channel="app", kind="urge")["ticket"], other)


if __name__ == "__main__":
    main()
