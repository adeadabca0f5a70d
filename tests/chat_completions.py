"""An endpoint of chat completions on this machine, for tests: it answers as it is told to, and remembers what it was asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Endpoint:
    """`answers`: what to answer, one a request, the last one for all that follow: an int is a status, bytes are a whole body, a
    list of texts is streamed, None is silence until `close`."""

    def __init__(self, *answers):
        self.answers, self.asked, self.ended, self.lock = list(answers), [], threading.Event(), threading.Lock()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with endpoint.lock:
                    endpoint.asked.append((self.path, self.headers.get("Authorization"), body))
                    answer = endpoint.answers.pop(0) if len(endpoint.answers) > 1 else endpoint.answers[0]
                endpoint.answer(self, answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request, answer):
        if answer is None:
            self.ended.wait(60)
            return
        request.send_response(answer if isinstance(answer, int) else 200)
        if isinstance(answer, int):
            request.send_header("Retry-After", "0")
        request.send_header("Connection", "close")
        request.end_headers()
        if isinstance(answer, bytes):
            request.wfile.write(answer)
        elif isinstance(answer, list):
            for text in answer:
                piece = {"choices": [{"delta": {"content": text}}]}
                request.wfile.write(f"data: {json.dumps(piece)}\n\n".encode())
                request.wfile.flush()
            request.wfile.write(b"data: [DONE]\n\n")

    def close(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()
