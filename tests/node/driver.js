// Drives clients of socket.io-client, unmodified, for whoever tells it to: the same in Node and in a browser. A command is
// `{do, client, …}`; what a client lives through is told in the order in which it happens, as `{client, life | event | call, args}`.

function makeDriver(io, tell) {
  const sockets = new Map();

  const commands = {
    connect({ client, url, options }) {
      const socket = io(url, { forceNew: true, ...options });
      sockets.get(client)?.disconnect();
      sockets.set(client, socket);
      const live = (life, ...args) => tell({ client, life, args });
      // The upgrade may be over before the namespace is joined.
      socket.io.on("open", () => socket.io.engine.on("upgrade", (transport) => live("upgrade", transport.name)));
      socket.on("connect", () => live("connect", socket.io.engine.transport.name));
      socket.on("connect_error", (error) => live("connect_error", error.message, error.data ?? null));
      socket.on("disconnect", (reason) => live("disconnect", reason));
      socket.onAny((event, ...args) => tell({ client, event, args }));
    },
    emit({ client, event, args }) {
      sockets.get(client).emit(event, ...args);
    },
    call({ client, event, args, call }) {
      sockets.get(client).emit(event, ...args, (...answer) => tell({ client, call, args: answer }));
    },
    disconnect({ client }) {
      sockets.get(client)?.disconnect();
      sockets.delete(client);
    },
    leave() {
      for (const socket of sockets.values()) socket.disconnect();
      sockets.clear();
    },
  };

  return (command) => commands[command.do](command);
}

if (typeof module !== "undefined") module.exports = { makeDriver };
