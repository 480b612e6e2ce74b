"""A throwaway PostgreSQL server, where its binaries are installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

USER = "assay"
PASSWORD = "sesame"


def binaries() -> Path:
    """Return the folder of initdb and pg_ctl, or skip, saying that there is none."""
    found = shutil.which("pg_ctl")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    pytest.skip("no PostgreSQL server is installed (initdb and pg_ctl)")


@contextmanager
def server() -> Iterator[str]:
    """Run a server in a folder of its own, reached through a socket there; yields its URL.

    Not in pytest's folders: those are closed to other accounts again whenever a run starts.
    """
    home, account = binaries(), _account()
    with tempfile.TemporaryDirectory(prefix="assay-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield from _running(home, account, folder)


def _running(home: Path, account: pwd.struct_passwd | None, folder: Path) -> Iterator[str]:
    cluster = folder / "cluster"
    cluster.mkdir()
    if account is not None:
        # The server refuses to run as root, so it runs as nobody, who must reach its folder.
        os.chown(cluster, account.pw_uid, account.pw_gid)
    secret = cluster.with_name("password")
    secret.write_text(PASSWORD)
    secret.chmod(0o644)

    def run(program: str, *arguments: str) -> None:
        finished = subprocess.run(
            [str(home / program), "-D", str(cluster), *arguments],
            user=None if account is None else account.pw_uid,
            group=None if account is None else account.pw_gid,
            extra_groups=None if account is None else [],
            cwd=cluster,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr

    run(
        "initdb",
        "-U",
        USER,
        "--pwfile",
        str(secret),
        "-A",
        "scram-sha-256",
        "--no-sync",
        "-E",
        "UTF8",
    )
    quick = f"-c listen_addresses='' -c fsync=off -k {cluster}"
    run("pg_ctl", "-w", "-l", str(cluster / "log"), "-o", quick, "start")
    try:
        yield f"postgresql://{USER}:{PASSWORD}@/postgres?host={cluster}"
    finally:
        run("pg_ctl", "-m", "immediate", "stop")


def _account() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.getuid() == 0 else None
