"""How the process gives memory back."""

import ctypes

_M_MMAP_THRESHOLD = -3
_ONE_MIB = 1 << 20


def return_large_blocks() -> bool:
    """Has the C library give blocks of over 1 MiB back to the system as soon as they are free.

    Otherwise glibc keeps the blocks of password hashes, some 80 MiB once a few people sign in together.
    It costs 10 ms of CPU a hash. Returns False where the C library has no such setting.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_M_MMAP_THRESHOLD, _ONE_MIB))
