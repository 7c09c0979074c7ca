"""How sure a share is that was counted on so many pictures. Knows no picture and no network; needs no torch."""

import math
from statistics import NormalDist
from typing import Final

CONFIDENCE: Final = 0.95


def wilson_interval(num_correct: int, num_images: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval of a share, in percent: sound for few pictures and for shares near 0 and 100.

    Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927), 209-212.
    """
    if not 0 <= num_correct <= num_images or num_images < 1:
        raise ValueError(f"`num_correct` of `num_images` must be a share, not {num_correct} of {num_images}")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = num_correct / num_images
    centre = share + z * z / (2 * num_images)
    spread = z * math.sqrt(share * (1 - share) / num_images + z * z / (4 * num_images**2))
    scale = 1 + z * z / num_images
    # The ends are exact where the share is: rounding must not put it outside of its own interval.
    low = 0.0 if num_correct == 0 else max(0.0, 100 * (centre - spread) / scale)
    high = 100.0 if num_correct == num_images else min(100.0, 100 * (centre + spread) / scale)
    return low, high
