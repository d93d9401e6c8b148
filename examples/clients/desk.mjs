// A service desk in one page.
//
//   npm ci
//   node desk.mjs unix:data/tocsin.sock [TOKEN]         a complaint's first minutes, then events until the next one
//   node desk.mjs unix:data/tocsin.sock --follow N      the next N events behind those that were acknowledged
import { Client, Refused } from "./tocsin.mjs";

const CONSUMER = "example-javascript"; // a name that no other program uses

function showRefusal({ error }) {
  console.log(`refused: ${error.code}: ${error.message}`);
  if (error.argument !== undefined) console.log(`         argument ${error.argument} = ${error.value ?? ""}`);
}

async function follow(client, n) {
  if (n === 0) return;
  for await (const event of client.events()) {
    const { id, stage, method, who } = event.data;
    client.ack(event.seq);
    console.log(`event ${event.topic}: ticket ${id} ${stage} (${method} by ${who})`);
    if (--n === 0) return;
  }
}

async function work(client) {
  const made = await client.change("ticket.create", {
    channel: "app",
    number: "13800138000",
    category: "account.realname",
    customer: { name: "Li Ming", vip: true },
    text: "the name on my card is wrong",
  });
  console.log(`ticket ${made.id} ${made.no}: ${made.stage}, in ${made.queue}`);

  const ticket = await client.change("ticket.act", { id: made.id, action: "dispatch", note: "please look at the copy of the card" });
  console.log(`ticket ${ticket.id}: ${ticket.stage}`);

  try {
    await client.change("ticket.act", { id: made.id, action: "close" });
  } catch (refused) {
    showRefusal(refused); // nobody has answered the customer yet: the rules say no
  }
}

async function main([address, word, n]) {
  const client = await Client.open(address, { token: word === "--follow" ? undefined : word });
  console.log(`connected as ${client.role}`);
  await client.subscribe(["ticket.second_line"], CONSUMER);
  if (word === "--follow") {
    await follow(client, Number(n));
  } else {
    await work(client);
    await follow(client, 2);
    console.log("the daemon may restart now");
    await follow(client, 1);
  }
  client.close();
}

if (process.argv.length < 3) {
  console.error("Usage: node desk.mjs ADDRESS [TOKEN | --follow N]");
  process.exit(2);
}
main(process.argv.slice(2)).catch((refused) => {
  if (!(refused instanceof Refused)) throw refused;
  showRefusal(refused);
  process.exit(1);
});
