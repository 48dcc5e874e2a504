"""groovae_4bar in TensorFlow, for comparison with `cargo bench --bench model` in the same hour.

    tensorflow.py train BATCH plain|xla    a training step in float32, nothing dropped
    tensorflow.py play plain|xla           decoding and encoding

Keras's layers as they are, or compiled by XLA; `z` is multiplied once in what hears itself.
"""

import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Its folder would be searched first, and this file has the library's name.
sys.path.pop(0)

import tensorflow as tf  # noqa: E402

STEPS, Z, FEATURES, LANES, ENCODER, DECODER = 64, 256, 27, 9, 512, 256

layers = tf.keras.layers


class Vae(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.forward_cell = layers.LSTM(ENCODER)
        self.backward_cell = layers.LSTM(ENCODER, go_backwards=True)
        self.mu, self.sigma = layers.Dense(Z), layers.Dense(Z)
        self.start = layers.Dense(4 * DECODER, "tanh")
        self.lower = layers.LSTM(DECODER, return_sequences=True)
        self.upper = layers.LSTM(DECODER, return_sequences=True)
        self.output_layer = layers.Dense(FEATURES)

    def summary_of(self, x):
        return tf.concat([self.forward_cell(x), self.backward_cell(x)], 1)

    def call(self, x):
        """The loss of windows, [batch, STEPS, FEATURES]."""
        summary = self.summary_of(x)
        mu, sigma = self.mu(summary), tf.nn.softplus(self.sigma(summary))
        z = mu + sigma * tf.random.normal(tf.shape(mu))
        c0, h0, c1, h1 = tf.split(self.start(z), 4, 1)
        before = tf.pad(x[:, :-1], [[0, 0], [1, 0], [0, 0]])
        told = tf.concat([before, tf.repeat(z[:, None], STEPS, 1)], 2)
        y = self.lower(told, initial_state=[h0, c0])
        y = self.output_layer(self.upper(y, initial_state=[h1, c1]))
        hits, velocities, offsets = tf.split(y, 3, 2)
        true_hits, true_velocities, true_offsets = tf.split(x, 3, 2)
        loss = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(true_hits, hits))
        loss += tf.reduce_sum((tf.sigmoid(velocities) - true_velocities) ** 2)
        loss += tf.reduce_sum((tf.tanh(offsets) - true_offsets) ** 2)
        divergence = 0.5 * tf.reduce_sum(mu**2 + sigma**2 - 1 - 2 * tf.math.log(sigma), 1)
        divergence = tf.reduce_mean(tf.nn.relu(divergence - 33.27))
        return loss / tf.cast(tf.shape(x)[0], tf.float32) + 0.2 * divergence


def shortest(work, runs: int) -> float:
    def timed() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return min(timed() for _ in range(runs + 2))


def train(batch: int, compiled: bool) -> None:
    x = tf.random.uniform((batch, STEPS, FEATURES))
    hits = tf.cast(x[..., :LANES] < 0.13, tf.float32)
    x = tf.concat([hits, x[..., LANES:]], 2)
    model = Vae()
    model(x)
    adam = tf.keras.optimizers.Adam(1e-3, global_clipnorm=1.0)
    adam.build(model.trainable_variables)

    @tf.function(jit_compile=compiled)
    def step():
        with tf.GradientTape() as tape:
            loss = model(x)
        gradients = tape.gradient(loss, model.trainable_variables)
        adam.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    seconds = shortest(lambda: step().numpy(), max(3, 400 // batch))
    print(f"train, batch {batch}: {batch / seconds:.0f} examples/s")


def play(compiled: bool) -> None:
    model = Vae()
    model(tf.zeros((1, STEPS, FEATURES)))
    # Keras multiplies input and state apart; together they are one product.
    lower_x, lower_h, lower_b = (v.value for v in model.lower.weights)
    upper_x, upper_h, upper_b = (v.value for v in model.upper.weights)
    lower = tf.concat([lower_x[:FEATURES], lower_h], 0)
    upper = tf.concat([upper_x, upper_h], 0)

    def decode(z):
        c0, h0, c1, h1 = tf.split(model.start(z), 4, 1)
        base = z @ lower_x[FEATURES:] + lower_b
        x = tf.zeros((z.shape[0], FEATURES))
        random = tf.random.uniform((STEPS, z.shape[0], LANES))
        played = tf.TensorArray(tf.float32, STEPS)
        for step in tf.range(STEPS):
            i, f, g, o = tf.split(base + tf.concat([x, h0], 1) @ lower, 4, 1)
            c0 = tf.sigmoid(f) * c0 + tf.sigmoid(i) * tf.tanh(g)
            h0 = tf.sigmoid(o) * tf.tanh(c0)
            i, f, g, o = tf.split(upper_b + tf.concat([h0, h1], 1) @ upper, 4, 1)
            c1 = tf.sigmoid(f) * c1 + tf.sigmoid(i) * tf.tanh(g)
            h1 = tf.sigmoid(o) * tf.tanh(c1)
            hits, velocities, offsets = tf.split(model.output_layer(h1), 3, 1)
            hits = tf.cast(random[step] < tf.sigmoid(hits / 0.5), tf.float32)
            x = tf.concat([hits, tf.sigmoid(velocities), tf.tanh(offsets)], 1)
            played = played.write(step, x)
        return played.stack()

    def encode(x):
        return model.mu(model.summary_of(x))

    of_z = tf.function(decode, jit_compile=compiled)
    for count in (1, 11, 32):
        z = tf.random.normal((count, Z))
        milliseconds = 1e3 * shortest(lambda: of_z(z).numpy(), 30)
        print(f"decode {count}: {milliseconds:.2f} ms", flush=True)
    of_x = tf.function(encode, jit_compile=compiled)
    for count, runs in ((1, 30), (512, 2)):
        x = tf.random.uniform((count, STEPS, FEATURES))
        milliseconds = 1e3 * shortest(lambda: of_x(x).numpy(), runs)
        print(f"encode {count}: {milliseconds:.2f} ms", flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["train", batch, ("plain" | "xla") as how]:
            train(int(batch), how == "xla")
        case ["play", ("plain" | "xla") as how]:
            play(how == "xla")
        case _:
            sys.exit(__doc__)
