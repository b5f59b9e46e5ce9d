from tests.servers.chroma import chroma, index

__all__ = ["chroma", "index"]
