// The `socket.io` server itself, as the reference of what its protocols mean: the same namespace, token check and events that
// Parlour has, so that one suite can be run against both. Its settings come as JSON in the first argument; the port it found
// is the first line it says. It ends when its stdin does, so that no test can forget it.

const http = require("http");
const { Server } = require("socket.io");

const settings = JSON.parse(process.argv[2] || "{}");
const server = http.createServer();
const io = new Server(server, {
  pingInterval: settings.ping_ms,
  pingTimeout: settings.ping_timeout_ms,
  connectTimeout: settings.join_ms,
  cors: { origin: settings.origins || [], credentials: true },
});

// What a token is: `good-` and the user's name.
const userOf = (token) => (typeof token === "string" && token.startsWith("good-") ? token.slice(5) : null);

const game = io.of("/game");

game.use((socket, next) => {
  socket.data.user = userOf(socket.handshake.auth.token);
  if (socket.data.user) return next();
  const refused = new Error("authentication_failed");
  refused.data = { code: "authentication_failed" };
  next(refused);
});

game.on("connection", (socket) => {
  const acknowledge = (args, ...answer) => typeof args.at(-1) === "function" && args.pop()(...answer);

  const answers = {
    // Says so twice: by an event, and by the ack of whoever asked for one.
    "game:heartbeat": (args) => {
      const said = { type: "heartbeat_ack", message_id: "0", timestamp: new Date().toISOString() };
      socket.emit("game:heartbeat_ack", said);
      acknowledge(args, said);
    },
    // Everything back, bytes too: as an event, and in the ack.
    echo: (args) => {
      const ack = typeof args.at(-1) === "function" ? args.pop() : null;
      socket.emit("echoed", ...args);
      if (ack) ack(...args);
    },
    // What a client is told when the server wants nothing more of it.
    leave: () => socket.disconnect(),
    // An event that asks the client for an ack, and tells what that was.
    ask: (args) => socket.emit("asked", ...args, (...answer) => socket.emit("answered", ...answer)),
    // How the connection came, as a proxy or a browser's server would see it.
    whence: (args) => {
      const { headers, query } = socket.handshake;
      acknowledge(args, { user: socket.data.user, headers, query, transport: socket.conn.transport.name });
    },
  };

  socket.onAny((event, ...args) => {
    const answer = Object.hasOwn(answers, event) ? answers[event] : (args) => acknowledge(args, { error: "unknown event" });
    answer(args);
  });
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
