"""What a PNG tells besides its picture: read, or taken out where it tells of the render rather than of the frame."""

from __future__ import annotations

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_OF_THE_RENDER = (b"File", b"Date", b"RenderTime", b"Hostname", b"Memory")


def text_of(picture: bytes, key: str) -> str | None:
    """Returns what the tEXt chunk of a PNG under `key` says, or None where there is no such chunk, or no whole PNG."""
    place = len(_SIGNATURE)
    while picture.startswith(_SIGNATURE) and place < len(picture):
        end = place + 12 + int.from_bytes(picture[place : place + 4], "big")
        keyword, _, text = picture[place + 8 : end - 4].partition(b"\0")
        if picture[place + 4 : place + 8] == b"tEXt" and keyword == key.encode("latin-1") and end <= len(picture):
            return text.decode("latin-1")
        place = end
    return None


def without_render_facts(picture: bytes) -> bytes:
    """Returns a PNG without the file, host, date, times and memory of its render: the same frame is then the same bytes, whoever renders it.

    What belongs to the frame (its number, camera, samples, notes) stays. Anything but a whole PNG comes back as it was.
    """
    if not picture.startswith(_SIGNATURE):
        return picture
    kept, place = [_SIGNATURE], len(_SIGNATURE)
    while place < len(picture):
        end = place + 12 + int.from_bytes(picture[place : place + 4], "big")
        chunk = picture[place:end]
        if end > len(picture):
            return picture
        keyword = chunk[8:-4].partition(b"\0")[0]
        if chunk[4:8] != b"tEXt" or not (keyword in _OF_THE_RENDER or keyword.endswith(b"_time")):
            kept.append(chunk)
        place = end
    return b"".join(kept)
