"""What a server may say in the dialect aniworld: the twenty types and their keys, and what may follow what."""

import datetime

OF_A_DOWNLOAD = {"download_id", "key", "folder", "seq"}
KEYS = {
    "connected": {"connection_id", "message", "rooms"},
    "ping": set(),
    "pong": set(),
    "download_progress": OF_A_DOWNLOAD
    | {"id", "status", "percent", "current", "total", "bytes_done", "bytes_total", "speed_mbps", "eta_seconds"},
    "download_complete": OF_A_DOWNLOAD | {"file_path", "bytes_total", "sha256"},
    "download_failed": OF_A_DOWNLOAD | {"error_message", "code"},
    "download_added": OF_A_DOWNLOAD | {"position", "client_id"},
    "download_removed": OF_A_DOWNLOAD,
    "queue_status": {"active", "pending", "completed", "paused", "failed", "cancelled", "total", "state", "seq"},
    "queue_started": {"state", "seq"},
    "queue_stopped": {"state", "seq"},
    "queue_paused": {"state", "seq"},
    "queue_resumed": {"state", "seq"},
    "scan_progress": {"current", "total", "percent", "status", "seq"},
    "scan_complete": {"series_found", "files_found", "duration", "seq"},
    "scan_failed": {"error_message", "code", "seq"},
    "system_info": {"message"},
    "system_warning": {"message", "severity", "details", "seq"},
    "system_error": {"message", "severity", "details", "seq"},
    "error": {"code", "message", "action", "room"},
}
"""The twenty types, and which keys the data of each has at least."""

ENDS = ("download_complete", "download_failed", "download_removed")


def judge(frame, seen):
    """Whether this is what the server may say. `seen`: what one listener was told before; empty at first."""
    assert set(frame) == {"type", "timestamp", "data"} and isinstance(frame["data"], dict), frame
    kind, data = frame["type"], frame["data"]
    assert KEYS[kind] <= set(data), frame
    at = datetime.datetime.fromisoformat(frame["timestamp"])
    assert at.utcoffset() == datetime.timedelta(0) and at.isoformat() == frame["timestamp"], frame
    if "seq" in data:
        before, seen["seq"] = seen.get("seq", 0), data["seq"]
        assert data["seq"] == before + 1, f"{frame} after {before}"
    if kind.startswith("download_"):
        assert isinstance(data["key"], str) and data["key"], frame
        _judge_download(frame, seen.setdefault("downloads", {}).setdefault(data["download_id"], {"percent": 0, "end": None}))
    elif kind == "scan_progress":
        assert 0 <= data["current"] <= data["total"] and 0 <= data["percent"] <= 100, frame


def _judge_download(frame, download):
    """`download`: how it stands. Ids are never given twice, so what was removed is not heard of again; what has ended can only
    be taken off the list, or be tried again, which no message says: `Listener.begins_anew`."""
    kind, data, end = frame["type"], frame["data"], download["end"]
    assert end != "download_removed", f"{frame} of what was removed"
    assert end is None or kind == "download_removed", f"{frame} after {end}"
    if kind in ENDS:
        download["end"] = kind
    elif kind == "download_added":
        assert data["position"] >= 1, frame
    elif kind == "download_progress":
        if data["percent"] is not None:
            assert download["percent"] <= data["percent"] <= 100, (download, frame)
            download["percent"] = data["percent"]
        assert data["id"] == data["download_id"] and data["current"] == data["bytes_done"], frame
        assert data["total"] == data["bytes_total"], frame
        assert data["speed_mbps"] is None or data["speed_mbps"] >= 0, frame
