"""Pictures and films of earlier steps, to be asked about once more (--reuse)."""

import collections
import random
from dataclasses import dataclass

import data
import torch


@dataclass
class Seen:
    """A picture or film of an earlier step."""

    subject: object
    step: int  # when it was new
    soft: torch.Tensor  # its visual tokens then
    wrong: int  # answers about it that were not exactly right when it was asked about last
    asked: int = 1  # times


OLDEST = 800  # steps, while which the vision side changes little what it says
MOST_ASKED = 5  # times, so that none is learnt by heart
# How often one comes, beside the number of wrong answers: what was right last time must stay right, and
# where there are few of a size, those which were asked often enough must do
RIGHT, WORN = 0.25, 0.02


class Replay:
    """Pictures and films of the last steps with their visual tokens, for other questions about them: as
    good as new ones for the text side, and without drawing and seeing them. Those with wrong answers
    come sooner.
    """

    def __init__(self, args, rank):
        self.args, self.rank = args, rank
        # by what asks about them and their size, which are the same in every process at every step
        self.kept = collections.defaultdict(collections.deque)

    def is_due(self, k):
        return self.args.reuse > 1 and k % self.args.reuse != 0 and len(self.kept) > 0

    def keep(self, k, batches):
        """What is new among the batches of step k; of the rest, how it was answered."""
        for kept in self.kept.values():
            while kept and kept[0].step < k - OLDEST:
                kept.popleft()
        for b in batches if self.args.reuse > 1 else ():
            if "about" not in b:
                continue
            ask, subjects = b["about"]
            if "seen" in b:
                for one, wrong in zip(b["seen"], b["wrong"]):
                    one.wrong, one.asked = wrong, one.asked + 1
                continue
            for subject, soft, wrong in zip(subjects, b["soft"].chunk(len(subjects)), b["wrong"]):
                frames = len(getattr(subject, "frames", [subject]))
                self.kept[ask, subject.size, frames].append(Seen(subject, k, soft, wrong))

    def choose(self, rng, kept, count):
        """`count` of them, by weight."""
        weights = [RIGHT + one.wrong if one.asked < MOST_ASKED else WORN for one in kept]
        order = sorted(range(len(kept)), key=lambda i: rng.random() ** (1 / weights[i]))
        return [kept[i] for i in order[-count:]]

    def step(self, k):
        """Pictures, and films as often as else, each of one size that all processes choose."""
        args, encoder = self.args, data.encoder_of(self.args.tokenizer)
        shared = random.Random(args.seed * 6151 + k)
        rng = random.Random((args.seed * 999_983 + k) * 64 + self.rank)
        films = data.films_for(args.batch)
        out = []
        for ask, count, asks, share in (
            (data.about_pictures, args.batch, args.asks, 1.0),
            (data.about_films, films, data.FILM_ASKS, args.films),
        ):
            sizes = {
                key: len(v) for key, v in self.kept.items() if key[0] is ask and len(v) >= count
            }
            if shared.random() < share and sizes:
                key = shared.choices(list(sizes), weights=list(sizes.values()))[0]
                chosen = self.choose(rng, self.kept[key], count)
                batch = ask([one.subject for one in chosen], rng, encoder, asks, args.thinking)
                out.append(
                    {**batch, "seen": chosen, "soft": torch.cat([one.soft for one in chosen])}
                )
        if shared.random() < args.talk:
            out.append(data.talk_batch(rng, encoder, films, data.TALK_ASKS, args.thinking))
        return out
