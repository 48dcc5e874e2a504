"""groovae_4bar in PyTorch, for comparison with `cargo bench --bench model` in the same hour.

    pytorch.py train BATCH float32|bfloat16 KEEP    a training step; KEEP 1 drops nothing
    pytorch.py play THREADS                         decoding and encoding

As fast as we could make it: `nn.LSTM` (oneDNN) for what is known in advance, TorchScript with
packed weights, and `z` multiplied once, for what hears itself. Freed memory that goes back to the
system costs it a third of its training speed, so keep it:

    MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456
"""

import sys
import time

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STEPS, Z, FEATURES, LANES, ENCODER, DECODER = 64, 256, 27, 9, 512, 256


class Vae(nn.Module):
    def __init__(self, keep: float):
        super().__init__()
        self.keep = keep
        self.encoder = nn.LSTM(FEATURES, ENCODER, bidirectional=True)
        self.mu = nn.Linear(2 * ENCODER, Z)
        self.sigma = nn.Linear(2 * ENCODER, Z)
        self.start = nn.Linear(Z, 4 * DECODER)
        self.decoder = nn.LSTM(FEATURES + Z, DECODER, 2, dropout=1 - keep)
        self.output = nn.Linear(DECODER, FEATURES)

    def drop(self, x: Tensor) -> Tensor:
        return x if self.keep == 1 else F.dropout(x, 1 - self.keep)

    def summary(self, x: Tensor) -> Tensor:
        _, (h, _) = self.encoder(self.drop(x))
        return torch.cat([h[0], h[1]], 1)

    def forward(self, x: Tensor) -> Tensor:
        """The loss of windows, [STEPS, batch, FEATURES]."""
        summary = self.summary(x)
        mu, sigma = self.mu(summary), F.softplus(self.sigma(summary))
        z = mu + sigma * torch.randn_like(mu)
        c0, h0, c1, h1 = torch.tanh(self.start(z)).chunk(4, 1)
        before = torch.cat([torch.zeros_like(x[:1]), x[:-1]])
        told = self.drop(torch.cat([before, z.expand(STEPS, -1, -1)], 2))
        y, _ = self.decoder(told, (torch.stack([h0, h1]), torch.stack([c0, c1])))
        hits, velocities, offsets = self.output(y).float().split(LANES, 2)
        true_hits, true_velocities, true_offsets = x.split(LANES, 2)
        loss = F.binary_cross_entropy_with_logits(hits, true_hits, reduction="sum")
        loss = loss + ((velocities.sigmoid() - true_velocities) ** 2).sum()
        loss = loss + ((offsets.tanh() - true_offsets) ** 2).sum()
        mu, sigma = mu.float(), sigma.float()
        divergence = 0.5 * (mu**2 + sigma**2 - 1 - 2 * sigma.log()).sum(1)
        return loss / x.shape[1] + 0.2 * (divergence - 33.27).clamp_min(0).mean()


def shortest(work, runs: int) -> float:
    def timed() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return min(timed() for _ in range(runs + 2))


def train(batch: int, factors: str, keep: float) -> None:
    model = Vae(keep)
    x = torch.rand(STEPS, batch, FEATURES)
    x[..., :LANES] = (x[..., :LANES] < 0.13).float()
    adam = torch.optim.Adam(model.parameters(), 1e-3, fused=True)

    def step() -> None:
        adam.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=factors == "bfloat16"):
            loss = model(x)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        adam.step()

    seconds = shortest(step, max(3, 600 // batch))
    print(f"train, batch {batch}, {factors}, keep {keep}: {batch / seconds:.0f} examples/s")


@torch.jit.script
def decode(
    z: Tensor, start: Tensor, start_b: Tensor, of_z: Tensor, lower: Tensor, lower_b: Tensor,
    upper: Tensor, upper_b: Tensor, output: Tensor, output_b: Tensor,
) -> Tensor:  # fmt: skip
    count = z.size(0)
    c0, h0, c1, h1 = torch.tanh(torch.addmm(start_b, z, start)).chunk(4, 1)
    base = torch.addmm(lower_b, z, of_z)
    x = torch.zeros(count, 27)
    played = torch.zeros(64, count, 27)
    random = torch.rand(64, count, 9)
    for step in range(64):
        i, f, g, o = torch.addmm(base, torch.cat([x, h0], 1), lower).chunk(4, 1)
        c0 = f.sigmoid() * c0 + i.sigmoid() * g.tanh()
        h0 = o.sigmoid() * c0.tanh()
        i, f, g, o = torch.addmm(upper_b, torch.cat([h0, h1], 1), upper).chunk(4, 1)
        c1 = f.sigmoid() * c1 + i.sigmoid() * g.tanh()
        h1 = o.sigmoid() * c1.tanh()
        y = torch.addmm(output_b, h1, output)
        hits = (random[step] < (y[:, :9] / 0.5).sigmoid()).float()
        x = torch.cat([hits, y[:, 9:18].sigmoid(), y[:, 18:].tanh()], 1)
        played[step] = x
    return played


@torch.inference_mode()
def play(threads: int) -> None:
    torch.set_num_threads(threads)
    model = Vae(1).eval()
    lstm = model.decoder
    of_input = lstm.weight_ih_l0.t()
    packed = [
        model.start.weight.t(),
        model.start.bias,
        of_input[FEATURES:],
        torch.cat([of_input[:FEATURES], lstm.weight_hh_l0.t()]),
        lstm.bias_ih_l0 + lstm.bias_hh_l0,
        torch.cat([lstm.weight_ih_l1.t(), lstm.weight_hh_l1.t()]),
        lstm.bias_ih_l1 + lstm.bias_hh_l1,
        model.output.weight.t(),
        model.output.bias,
    ]
    packed = [tensor.contiguous() for tensor in packed]
    for count in (1, 11, 32):
        z = torch.randn(count, Z)
        milliseconds = 1e3 * shortest(lambda: decode(z, *packed), 60)
        print(f"decode {count}, {threads} threads: {milliseconds:.2f} ms")
    for count, runs in ((1, 60), (512, 4)):
        x = torch.rand(STEPS, count, FEATURES)
        milliseconds = 1e3 * shortest(lambda: model.mu(model.summary(x)), runs)
        print(f"encode {count}, {threads} threads: {milliseconds:.2f} ms")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["train", batch, factors, keep]:
            train(int(batch), factors, float(keep))
        case ["play", threads]:
            play(int(threads))
        case _:
            sys.exit(__doc__)
