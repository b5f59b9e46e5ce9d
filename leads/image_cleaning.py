"""Images written anew: what they say of place, time, device and person is gone, and so is what hides in them. Pure.

Decoding takes time and memory (a photo of 48 megapixels 0.5 s and 0.4 GB): not in a web request.
"""

import io
from collections.abc import Sequence

from PIL import Image, ImageCms, ImageOps, ImageSequence

from leads.file_checks import BROKEN, IMAGES, MOST_PIXELS, TOO_MANY_PIXELS, NotKept

QUALITY = 90  # of JPEG and WebP
KEPT = ("transparency", "duration", "loop", "background", "disposal", "blend")  # what an image says of its frames


def cleaned(content: bytes, content_type: str) -> bytes:
    """The same image in the same format, turned as it is to be seen, in sRGB, without metadata; moving ones still move.

    Raises:
        NotKept: it can't be read, or it is too large to be.
    """
    form = IMAGES[content_type]
    try:
        with Image.open(io.BytesIO(content), formats=[form]) as image:
            frames = _frames(image)
            return _written(frames, form, moves=len(frames) > 1, loop=image.info.get("loop"))
    except (NotKept, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - broken pixels bring up anything, from EOFError to struct.error
        raise NotKept(BROKEN) from None


def _frames(image: Image.Image) -> list[Image.Image]:
    # A photo of a phone may hold a second one, for depth or motion; that is no animation.
    count = 1 if image.format in ("JPEG", "MPO") else getattr(image, "n_frames", 1)
    if count * image.width * image.height > MOST_PIXELS:
        raise NotKept(TOO_MANY_PIXELS, most=MOST_PIXELS // 1_000_000)
    if count == 1:
        return [_plain(image)]
    return [_plain(frame) for frame in ImageSequence.Iterator(image)]


def _plain(image: Image.Image) -> Image.Image:
    """The pixels alone, as a picture of their own."""
    image.load()
    profile = image.info.get("icc_profile")
    plain = ImageOps.exif_transpose(image)
    if profile and plain.mode in ("RGB", "RGBA", "CMYK", "L"):
        plain = _in_srgb(plain, profile)
    plain.info = {key: value for key, value in image.info.items() if key in KEPT}
    return plain


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """A profile that can't be used is left out: the colours are nearly right then."""
    try:
        own, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(image, own, srgb, outputMode=mode) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def _written(frames: Sequence[Image.Image], form: str, *, moves: bool, loop: int | None) -> bytes:
    first, file = frames[0], io.BytesIO()
    if form == "JPEG" and first.mode not in ("L", "RGB", "CMYK"):
        first = first.convert("RGB")
    options: dict[str, object] = {"quality": QUALITY} if form in ("JPEG", "WEBP") else {}
    if moves:
        durations = [frame.info.get("duration", 100) for frame in frames]
        options |= {"save_all": True, "append_images": frames[1:], "duration": durations}
        options |= {"loop": loop} if loop is not None else {}
    first.save(file, form, **options)
    return file.getvalue()


# ---- logos -----------------------------------------------------------------------------------------------------------

WIDEST, HIGHEST, LARGEST_LOGO = 400, 200, 20_000  # pixels; bytes
MOST_OF_LOGO = 12_000_000  # pixels: it is decoded in the request of the owner who uploads it


def logo(content: bytes) -> tuple[bytes, int, int]:
    """A small WebP of it, with its width and height.

    Raises:
        NotKept: it can't be read.
    """
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "WEBP"]) as image:
            if image.width * image.height > MOST_OF_LOGO:
                raise NotKept(TOO_MANY_PIXELS, most=MOST_OF_LOGO // 1_000_000)
            image.draft("RGB", (2 * WIDEST, 2 * HIGHEST))  # a JPEG is decoded no larger than needed
            small = _plain(image)
    except NotKept:
        raise
    except Exception:  # noqa: BLE001 - broken pixels bring up anything, from EOFError to struct.error
        raise NotKept(BROKEN) from None
    small = small.convert("RGBA" if small.has_transparency_data else "RGB")
    small.info = {}
    small.thumbnail((WIDEST, HIGHEST))
    return _light(small)


def _light(image: Image.Image) -> tuple[bytes, int, int]:
    """Of the best quality that is light enough; a framed form has 40 kB for everything."""
    for quality in (90, 80, 65, 50, 30):
        file = io.BytesIO()
        image.save(file, "WEBP", quality=quality, method=6)
        if file.tell() <= LARGEST_LOGO:
            return file.getvalue(), image.width, image.height
    return _light(image.resize((max(1, image.width // 2), max(1, image.height // 2))))
