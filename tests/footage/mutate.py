"""Footage damaged at random, the same for the same seed."""

import numpy as np


def mutate(content: bytes, seed: int) -> bytes:
    """Flip bits, overwrite, cut out, repeat or cut off, one to four times."""
    random = np.random.default_rng(seed)
    data = bytearray(content)
    for _ in range(random.integers(1, 5)):
        if len(data) < 2:
            break
        begin = int(random.integers(min(len(data), 512) if random.random() < 0.4 else len(data)))
        length = int(min(len(data) - begin, 1 + random.geometric(0.02)))
        match random.integers(6):
            case 0:
                data[begin] ^= 1 << int(random.integers(8))
            case 1:
                data[begin : begin + length] = random.bytes(length)
            case 2:
                del data[begin : begin + length]
            case 3:
                data[begin:begin] = data[begin : begin + length]
            case 4:
                data[begin : begin + length] = bytes([int(random.choice([0, 255]))]) * length
            case _:
                del data[int(random.integers(1, len(data))) :]
    return bytes(data)
