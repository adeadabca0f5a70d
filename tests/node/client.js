// Clients of socket.io-client in Node. Whoever connects to the port, which is the first line it says, drives clients of their own
// by commands, one line of JSON each, and is told what happens to them in the same way. It ends when its stdin does.

const net = require("net");
const readline = require("readline");
const { io } = require("socket.io-client");
const { makeDriver } = require("./driver.js");

// Without delay: what is told is small, and tests wait for it.
const server = net.createServer({ noDelay: true }, (link) => {
  const drive = makeDriver(io, (told) => link.writable && link.write(JSON.stringify(told) + "\n"));
  const leave = () => drive({ do: "leave" });
  link.on("error", leave).on("close", leave);
  // The interface repeats the errors of its input.
  const lines = readline.createInterface({ input: link }).on("error", () => {});
  lines.on("line", (line) => drive(JSON.parse(line)));
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
