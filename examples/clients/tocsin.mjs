// A client of Tocsin for Node: calls, and events that are not missed. PROTOCOL.md walks through the bytes.
//
//   const client = await Client.open("unix:data/tocsin.sock", { token });
//   const made = await client.change("ticket.create", { channel: "app", text: "…" });
//   await client.subscribe(["ticket.second_line"], "my-wall");
//   for await (const event of client.events()) { …; client.ack(event.seq); }
//
// Calls may be under way together: they go out, are worked and are answered in order.
import { connect } from "node:net";
import { randomUUID } from "node:crypto";
import { Decoder, encode } from "@msgpack/msgpack";

const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 5000;

// The daemon's answer is an error: {code, message, argument?, value?, reason?}. code "lost": no answer came.
export class Refused extends Error {
  constructor(error) {
    super(`${error.code}: ${error.message}`);
    this.error = error;
  }
}

function dial(address) {
  const [, kind, where] = /^(unix|tcp):(.*)$/.exec(address) ?? [];
  if (kind === "unix") return connect(where);
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(where ?? "") ?? [];
  if (host === undefined) throw new Refused({ code: "bad_request", message: `${address}: expected unix:PATH or tcp:HOST:PORT` });
  return connect(Number(port), host);
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export class Client {
  #address; #token; #socket = null; #isUp = false; #isClosed = false; #msgid = 0;
  #calls = new Map(); // msgid → {bytes, mayRepeat, resolve, reject}, in order
  #subscription = null; #lastSeq = -1; #acked = 0;
  #events = []; #onEvent = null;

  // Rejects when the first connection fails; later ones are tried until close().
  static async open(address, { token } = {}) {
    const client = new Client();
    client.#address = address;
    client.#token = token;
    try {
      await client.#connect();
    } catch (why) {
      client.close();
      throw why;
    }
    return client;
  }

  close() {
    this.#isClosed = true;
    this.#socket?.end();
    this.#onEvent?.();
  }

  // ---- the connection
  async #connect() {
    const socket = dial(this.#address);
    this.#socket = socket;
    await new Promise((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", (why) => reject(new Refused({ code: "lost", message: why.message })));
    });
    socket.on("error", () => {}); // "close" follows
    socket.once("close", () => this.#closed());
    this.#read(socket).catch(() => socket.destroy());
    this.role = (await this.#ask("session.hello", { client: "tocsin.mjs/1", token: this.#token ?? null }, true)).role;
    if (this.#subscription !== null) {
      await this.#ask("topic.subscribe", { ...this.#subscription, after: this.#lastSeq }, true);
      this.#sayAcked();
    }
    this.#isUp = true;
    for (const call of this.#calls.values()) socket.write(call.bytes);
  }

  #closed() {
    const wasUp = this.#isUp;
    this.#isUp = false;
    for (const [msgid, call] of this.#calls)
      if (call.isOurs || this.#isClosed || (wasUp && !call.mayRepeat)) {
        this.#calls.delete(msgid);
        call.reject(new Refused({ code: "lost", message: "the connection broke; whether the call was done is unknown" }));
      }
    if (wasUp && !this.#isClosed) this.#reconnect();
  }

  async #reconnect() {
    for (let waitMs = RETRY_MS_MIN; !this.#isUp && !this.#isClosed; waitMs = Math.min(2 * waitMs, RETRY_MS_MAX)) {
      console.error("lost: the connection was closed; connecting again");
      await sleep(waitMs);
      await this.#connect().catch(() => this.#socket.destroy());
    }
  }

  async #read(socket) {
    // One decoder for the whole stream: messages may come in any number of pieces.
    for await (const message of new Decoder().decodeStream(socket)) {
      if (message[0] === 2) {
        this.#take(message[2][0]);
        continue;
      }
      const [, msgid, error, result] = message;
      const call = this.#calls.get(msgid);
      this.#calls.delete(msgid);
      if (error !== null) call?.reject(new Refused(error));
      else call?.resolve(result);
    }
  }

  // ---- calls
  #ask(method, args, isOurs = false) {
    this.#msgid = (this.#msgid % 0xffffffff) + 1;
    const bytes = encode([0, this.#msgid, method, [args]]);
    return new Promise((resolve, reject) => {
      const call = { bytes, isOurs, mayRepeat: args.request_id !== undefined, resolve, reject };
      this.#calls.set(this.#msgid, call);
      if (isOurs || this.#isUp) this.#socket.write(bytes);
    });
  }

  // A call that reads.
  call(method, args = {}) {
    return this.#ask(method, args);
  }

  // A call that changes something: with a request_id it may be sent again over a new connection, and is done once.
  change(method, args = {}) {
    return this.#ask(method, { request_id: randomUUID(), ...args });
  }

  // ---- events
  // The daemon remembers what `consumer` has acknowledged; the first time it begins now.
  async subscribe(topics, consumer) {
    const { seq } = await this.#ask("topic.subscribe", { topics, consumer });
    this.#subscription = { topics, consumer };
    this.#lastSeq = Math.max(seq, this.#lastSeq);
    this.ack(seq); // so that a consumer which ends before its first event goes on here
  }

  #take(event) {
    this.#lastSeq = event.seq;
    this.#events.push(event);
    this.#onEvent?.();
  }

  // In order; over lost connections nothing is missed and nothing comes twice.
  async *events() {
    while (!this.#isClosed) {
      if (this.#events.length > 0) yield this.#events.shift();
      else await new Promise((done) => (this.#onEvent = done));
    }
  }

  // A notification: the daemon does not answer, and one that gets lost costs an event that comes again.
  ack(seq) {
    this.#acked = Math.max(seq, this.#acked);
    if (this.#isUp) this.#sayAcked(); // else on the next connection
  }

  #sayAcked() {
    this.#socket.write(encode([2, "topic.ack", [{ consumer: this.#subscription.consumer, seq: this.#acked }]]));
  }
}
