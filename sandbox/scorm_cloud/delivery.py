"""How SCORM Cloud delivers a postback: who counts as having received it, and when it tries again.

Any answer but 4xx and 5xx counts, redirects included (they are not followed). Otherwise up to 70
more tries, the gaps doubling from one second to a quarter of an hour, with some jitter.
"""

import random

from sandbox.deliveries import Kind

RETRIES = 70
LONGEST_GAP_S = 15 * 60.0


def delivered(status: int) -> bool:
    return status < 400


def gap(attempts: int) -> float | None:
    """Seconds to wait after so many tries; None when the retries are used up."""
    if attempts > RETRIES:
        return None
    doubled = 2.0 ** min(attempts - 1, 20)
    return max(1.0, min(LONGEST_GAP_S, doubled * random.uniform(0.75, 1.25)))


KINDS = [
    Kind("postback", "postbacks", delivered, gap),
    Kind("import", "postbacks", delivered, gap),
    Kind("test", "postbacks", delivered, lambda attempts: None),
]
