"""S5: a Flask application that calls a service of a production, which runs in a process of its own.

In IoP the application and the production share a server, and `Director` finds the service there. Here the production has
an HTTP entrance on this machine: the address and the token lie in its store, readable by its user alone.

    cargo run --bin s3_service
    IOP_STORE=iop-data/one_service flask --app examples/seed/s5_flask/app run
    curl --json '{"request_string": "hello"}' http://127.0.0.1:5000/send_message/service
"""

import os
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from flask import Flask, Response, request

app = Flask(__name__)

STORE = Path(os.environ["IOP_STORE"])


def call_service(name, body):
    """The answer of the production's service to a JSON body: its status and its body."""
    try:
        address = (STORE / "http-address").read_text().strip()
        token = (STORE / "http-token").read_text().strip()
    except FileNotFoundError:
        return 503, b'{"error": "the production is not running"}'
    call = urllib.request.Request(
        f"http://{address}/api/v1/services/{urllib.parse.quote(name, safe='')}",
        data=body,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(call, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()
    except urllib.error.URLError:
        return 503, b'{"error": "the production does not answer"}'


@app.post("/send_message/<service>")
def send_message(service):
    status, body = call_service(service, request.get_data())
    return Response(body, status, content_type="application/json")
