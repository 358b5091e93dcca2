#!/usr/bin/env python3
"""recheck beside `curl | cat` on logs that nginx serves on loopback, and what latency costs.

    python3 benches/servers.py DIR [--recheck PROGRAM] [--gib 5] [--rounds 5]

Needs nginx and curl. DIR gets the logs: a tree of 200 files of 8 MiB, one large log, and 500 files of
100 kB. Their text is cut from the real logs in RECHECK_DATA, else made, with a fixed seed. Peak memory is what the system tells of the program (ru_maxrss).
"""

import argparse
import gzip
import http.server
import multiprocessing
import os
import pathlib
import random
import socket
import statistics
import subprocess
import threading
import time

MIB = 1 << 20
# What the log says is not the point; that its lines differ is.
WORDS = "node job task INFO DEBUG error retry waiting for server 200 OK volume attach 503 pull".split()


def real(size, rng):
    """Pieces of real logs, shuffled; None without the reference data."""
    folder = pathlib.Path(os.environ.get("RECHECK_DATA", "-"), "logs")
    logs = [gzip.open(path).read() for path in sorted(folder.glob("*.gz"))]
    if not logs:
        return None
    pieces = [log[at : at + 64 * 1024] + b"\n" for log in logs for at in range(0, len(log), 64 * 1024)]
    rng.shuffle(pieces)
    whole = b"".join(pieces)
    return (whole * (size // len(whole) + 1))[:size]


def text(size, seed):
    rng = random.Random(seed)
    found = real(size, rng)
    if found is not None:
        return found
    lines, length = [], 0
    while length < size:
        line = f"2024-05-01 12:00:00.{rng.randrange(10**6):06} | node | " + " ".join(
            rng.choice(WORDS) for _ in range(rng.randrange(4, 16))
        )
        lines.append(line)
        length += len(line) + 1
    return ("\n".join(lines) + "\n").encode()[:size]


def write(path, piece, size):
    if path.exists() and path.stat().st_size == size:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        while size > 0:
            size -= file.write(piece[:size])


def make(root, large):
    piece = text(8 * MIB, 1)
    for number in range(200):
        write(root / f"tree/{number % 10}/{number}.log", piece, len(piece))
    for number in range(500):
        write(root / f"many/{number}.log", piece, 100_000)
    write(root / "large.log", piece, large)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def nginx(root):
    port = free_port()
    temp = "".join(f"{kind}_temp_path {root}/t;" for kind in
                   ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (root / "nginx.conf").write_text(
        f"daemon off; pid {root}/pid; worker_processes 1; user root; events {{}}"
        f"http {{ access_log off; sendfile on; default_type text/plain; {temp}"
        f"server {{ listen 127.0.0.1:{port}; root {root}; autoindex on; }} }}"
    )
    process = subprocess.Popen(["nginx", "-c", root / "nginx.conf", "-e", "/dev/null"])
    time.sleep(1)
    return process, f"http://127.0.0.1:{port}"


class Slow(http.server.SimpleHTTPRequestHandler):
    """Python's own server, each answer 50 ms late."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        time.sleep(0.05)
        super().do_GET()

    def log_message(self, *_):
        pass


def slow(root):
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *args: Slow(*args, directory=root))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


def measure(command):
    """Seconds and MiB of peak memory."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, shell=isinstance(command, str))
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.monotonic() - started
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        raise SystemExit(f"{command}: {code}")
    return elapsed, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("--recheck", default="target/release/recheck")
    parser.add_argument("--gib", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    root = args.dir.resolve()
    root.mkdir(parents=True, exist_ok=True)
    # In a process of its own: a program that is started is told the peak of the one that starts it.
    maker = multiprocessing.Process(target=make, args=(root, int(args.gib * (1 << 30))))
    maker.start()
    maker.join()
    classify = [args.recheck, "classify", "--no-progress", "--format", "json"]

    process, base = nginx(root)
    try:
        urls = [f"{base}/tree/{number % 10}/{number}.log" for number in range(200)]
        (root / "curl.conf").write_text("".join(f'url = "{url}"\n' for url in urls))
        curl, ours = [], []
        for _ in range(args.rounds + 1):
            curl.append(measure(f"curl -s -K {root}/curl.conf | cat")[0])
            ours.append(measure([*classify, f"{base}/tree/"])[0])
        ratios = [a / b for a, b in zip(ours[1:], curl[1:])]
        print(f"tree of 200 x 8 MiB: curl | cat {statistics.median(curl[1:]):.2f} s, "
              f"recheck {statistics.median(ours[1:]):.2f} s, ratio {statistics.median(ratios):.2f}")
        elapsed, memory = measure([*classify, f"{base}/large.log"])
        print(f"one log of {args.gib} GiB: {elapsed:.2f} s, peak {memory:.0f} MiB")
    finally:
        process.terminate()
    elapsed, memory = measure([*classify, slow(root) + "/many/"])
    print(f"500 x 100 kB, 50 ms each: {elapsed:.2f} s (500 / 8 x 50 ms = 3.13 s), peak {memory:.0f} MiB")


main()
