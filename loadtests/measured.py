"""All that a run measured, added up second by second while it goes on."""

from collections import Counter

from harness.load_records import LoadSecond
from loadtests.judging import Judge
from loadtests.messages import Second
from loadtests.profile import Profile
from loadtests.schedule import number_of_slots
from loadtests.tally import Sums
from loadtests.target_watch import Use
from loadtests.timeline import Timeline
from loadtests.trust import Strains


class Measured:
    """Its size does not depend on how long the run is, but for a few numbers for each second."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.sums = Sums()
        self.judge = Judge(profile)
        self.strains = Strains(profile)
        self.timeline = Timeline(profile)
        self.errors: Counter[str] = Counter()
        self.uses: list[Use] = []
        self.ended_s = 0.0

    def add(self, second: Second) -> str | None:
        """Add a second; return the threshold that ends the run now, if one does."""
        self.sums.add(second)
        self.strains.add(second)
        self.errors.update(second.errors)
        return self.judge.observe(second, self.sums)

    def row(self, second: Second, use: Use | None) -> LoadSecond:
        """Return a second as a row of the timeline, with what the target used meanwhile."""
        if use is not None and not self.profile.stages[self.profile.stage_at(second.second)].warm_up:
            self.uses.append(use)
        return self.timeline.row(second, use)

    def unaccounted(self, seed: int) -> int:
        """Return how many arrivals of the whole schedule were neither started nor dropped."""
        if not self.profile.is_open:
            return 0
        return number_of_slots(self.profile, seed) - self.sums.part(range(len(self.profile.stages))).arrivals.intended

    def end(self, ended_s: float) -> None:
        """Take in that no more comes."""
        self.ended_s = ended_s
        self.timeline.close()
