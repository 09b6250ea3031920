"""The same lines as tasks of Open Job Description tell them: a farm reads progress, what is being done and why a task failed from its output."""

from __future__ import annotations

from typing import Any


def lines(event: str, fields: dict[str, Any]) -> list[str]:
    """Returns what is told for an event of `progress`: lines that begin with `openjd_`, and for warnings and files a line for the log."""
    if event == "progress":
        left = fields["seconds_left"]
        told = f"{fields['what']}" + (f", {left:.0f} s to go" if left else "")
        return [f"openjd_progress: {100.0 * fields['fraction']:.1f}", f"openjd_status: {told}"]
    if event == "made":
        return [f"made {fields['path']}"]
    text = " ".join(fields["text"].split())  # a line each: what follows a line break would not be read
    return [{"message": "openjd_status: ", "error": "openjd_fail: "}.get(event, f"{event}: ") + text]
