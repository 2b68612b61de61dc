"""The program that reads one foreign file and ends: `python -I confined/__main__.py package …`.

The file comes on standard input, the answer leaves on standard output, and the exit status says
which kind of answer it is (`answers.py`). The limits hold before the first foreign byte is read.
"""

import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from confined import answers
from confined.budget import Budget, keep_within


def main(kind: str, memory: str, cpu: str, *words: str) -> int:
    answer = importlib.import_module(f"confined.{kind}").answer
    keep_within(Budget(int(memory), int(cpu), 0))
    try:
        said = answer(*words)
    except answers.Refused as refused:
        sys.stdout.buffer.write(str(refused).encode())
        return answers.REFUSED
    except (MemoryError, RecursionError):
        return answers.TOO_MUCH
    sys.stdout.buffer.write(said)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
