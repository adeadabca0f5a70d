"""Libraries of ours that stand between a server and the system: `LD_PRELOAD` of one lets calls fail or wait."""

import subprocess


def built(folder, source):
    """A library of this C source, built in this folder: its path."""
    (folder / "shim.c").write_text(source)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", folder / "shim.so", folder / "shim.c", "-ldl"], check=True)
    return folder / "shim.so"
