"""The work that anchoring may do for one filing, however many quotes and whatever the text."""

from quotes.anchoring.results import AnchoringError

MAX_STEPS = 800_000
"""Steps for one filing: about a second, so that no request holds a thread for long.

A step is one turn of a loop, 1,000 characters compared, or 20 read by a pattern.
"""


class TooMuchWork(AnchoringError):
    """The budget of a filing is spent."""

    def __init__(self):
        super().__init__(
            "To find these quotes in this text takes too much work. Send fewer quotes at a time, "
            "or a text that repeats itself less."
        )


class Budget:
    """Steps left for a filing; its pages share one. Raises TooMuchWork once they are spent.

    An operator's command may have `math.inf`.
    """

    def __init__(self, steps: float | None = None):
        self.most = self.left = MAX_STEPS if steps is None else steps

    def spend(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise TooMuchWork

    def compare(self, characters: int) -> None:
        self.spend(1 + characters // 1_000)

    def read(self, characters: int) -> None:
        self.spend(1 + characters // 20)

    def can_spare(self, steps: float) -> bool:
        """Whether nearest passages may be searched for: some is kept to find words with."""
        return self.left >= self.most / 4 and self.left - steps >= self.most / 8
