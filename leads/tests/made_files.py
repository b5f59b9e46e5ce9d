"""Small files of every kind, made for tests."""

import io
import zipfile
from collections.abc import Mapping

from PIL import Image


def image(form: str, size: tuple[int, int] = (20, 10)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "green").save(file, form)
    return file.getvalue()


def archive(parts: Mapping[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return file.getvalue()


def docx(more: Mapping[str, str] | None = None, *, types: str = "wordprocessingml") -> bytes:
    return archive({"[Content_Types].xml": f"<Types>{types}</Types>", "word/document.xml": "<w/>", **(more or {})})


def xlsx() -> bytes:
    return archive({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<x/>"})


def odf(kind: str, more: Mapping[str, str] | None = None) -> bytes:
    return archive({"mimetype": kind, "content.xml": "<o/>", **(more or {})})
