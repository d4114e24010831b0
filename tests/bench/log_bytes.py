"""What a durable chain adds to SQLite's log: KiB a chain and pages a commit, by page size, kind of ids, size of bodies and
chains to a commit. The tables are those of the store; the statements are those that a chain of six messages causes: three
requests that are stored and later completed, three responses. No clock has a part in it, so the figures do not move with
what else the machine does.

    python3 log_bytes.py
"""

import os
import random
import re
import sqlite3
import struct
import tempfile
from pathlib import Path

SCHEMA = Path(__file__).parents[2] / "iop-runtime/src/store/sqlite/schema.rs"
EARLIER, CHAINS = 20_000, 1024
INSERT = (
    "INSERT INTO message (sequence, id, digest, session, parent, position, source, target, type, type_version, kind, invocation,"
    " status, rank, priority, created, ended, attempt, crashes, late, epoch, parks)"
    " VALUES (?, ?, ?, ?, ?, 0, 1, ?, 4, 1, ?, 0, ?, ?, 128, ?, ?, 0, 0, 0, 1, 0)"
)


class Chains:
    def __init__(self, directory, page, body, timed):
        self.path = os.path.join(directory, "log.db")
        self.page, self.timed = page, timed
        self.chance = random.Random(1)
        self.sequence, self.begun, self.millis = 0, 0, 1_700_000_000_000
        self.text = '{"text":"%s"}' % ("x" * body)
        self.db = sqlite3.connect(self.path, isolation_level=None)
        pragmas = (f"page_size = {page}", "auto_vacuum = INCREMENTAL", "journal_mode = WAL", "synchronous = OFF")
        for pragma in (*pragmas, "wal_autocheckpoint = 0", "cache_size = -65536"):
            self.db.execute(f"PRAGMA {pragma}")
        tables = re.search(r'TABLES: &str = "(.*?)\n";', SCHEMA.read_text(), re.S)
        self.db.executescript(tables.group(1))

    def of_time(self):
        return struct.pack(">Q", self.millis)[2:] + self.chance.randbytes(10)

    def store(self, id, session, target, kind, status, rank, ended):
        self.sequence += 1
        digest, created = self.chance.getrandbits(62), self.millis * 1000
        self.db.execute(
            INSERT, (self.sequence, id, digest, session, session, target, kind, status, rank, created, ended)
        )
        self.db.execute("INSERT INTO body (sequence, digest, body) VALUES (?, ?, ?)", (self.sequence, digest, self.text))
        return self.sequence

    def derived(self):
        return self.of_time() if self.timed else self.chance.randbytes(16)

    def begin(self, count):
        begun = []
        for _ in range(count):
            self.begun += 1
            # Four chains in each millisecond.
            self.millis += self.begun % 4 == 0
            session = self.of_time()
            ids = [session, self.derived(), self.derived()]
            requests = [self.store(id, session, hop + 1, 0, 0, 127, None) for hop, id in enumerate(ids)]
            begun.append((session, requests))
        return begun

    def end(self, begun):
        now = self.millis * 1000
        for session, requests in begun:
            for hop, request in enumerate(requests):
                self.store(self.derived(), session, hop + 1, 1, 5, None, now)
                self.db.execute(
                    "UPDATE message SET status = 5, rank = NULL, ended = ?, started = ? WHERE sequence = ?",
                    (now, now, request),
                )

    def commit(self, begins, ends):
        self.db.execute("BEGIN")
        begun = self.begin(begins)
        self.end(ends)
        self.db.execute("UPDATE meta SET commits = commits + 1")
        self.db.execute("COMMIT")
        return begun


def measure(page, body, timed, batch):
    with tempfile.TemporaryDirectory() as directory:
        chains = Chains(directory, page, body, timed)
        begun = []
        for _ in range(EARLIER // 500):
            begun = chains.commit(500, begun)
        chains.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        for _ in range(CHAINS // batch):
            begun = chains.commit(batch, begun)
        log = os.path.getsize(chains.path + "-wal")
        chains.db.close()
        return log / 1024 / CHAINS, log / (page + 24) / (CHAINS // batch)


if __name__ == "__main__":
    print("| body | chains a commit | page | ids | KiB a chain | pages a commit |\n|---:|---:|---:|---|---:|---:|")
    for body in (256, 2048):
        for batch in (1, 16, 64):
            for page in (4096, 8192):
                for timed in (False, True):
                    kib, pages = measure(page, body, timed, batch)
                    ids = "in the order of time" if timed else "hashes"
                    print(f"| {body} | {batch} | {page} | {ids} | {kib:.1f} | {pages:.1f} |", flush=True)
