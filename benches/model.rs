use musicvae_tui::model::cpu::*;
use std::time::Instant;
fn best(mut f: impl FnMut()) -> f64 {
    (0..15)
        .map(|_| {
            let t = Instant::now();
            f();
            t.elapsed().as_secs_f64()
        })
        .fold(f64::MAX, f64::min)
}
fn main() {
    for (m, k, n) in [
        (64, 539, 2048),
        (32, 539, 2048),
        (128, 539, 2048),
        (64, 512, 1024),
        (64, 2048, 512),
        (539, 4096, 2048),
        (512, 512, 512),
    ] {
        let a = vec![0.5f32; m * k];
        let b = vec![0.25f32; k * n];
        let mut c = vec![0f32; m * n];
        let right = RightPanels::pack(Matrix::new(&b, k, n));
        let mut left = LeftPanels::zeros(m, k);
        let tp = best(|| left.pack(0, Matrix::new(&a, m, k)));
        let reps = 1.max(200_000_000 / (m * k * n));
        let t = best(|| {
            for _ in 0..reps {
                matmul(&left, &right, &mut c)
            }
        }) / reps as f64;
        println!(
            "{m}x{k}x{n}: {:.1} GFLOP/s, pack {:.2}%",
            2e-9 * (m * k * n) as f64 / t,
            100. * tp / t
        );
    }
    for (k, n) in [(512, 1024), (283, 1024)] {
        let b = vec![0.25f32; k * n];
        let right = RightPanels::pack(Matrix::new(&b, k, n));
        let x = vec![1f32; k];
        let mut c = vec![0f32; n];
        let t = best(|| {
            for _ in 0..100 {
                matvec(&x, &right, &mut c)
            }
        }) / 100.;
        println!("matvec {k}x{n}: {:.1} GB/s", 4e-9 * (k * n) as f64 / t);
    }
    let (b, h) = (64, 512);
    let mut g = vec![0.1f32; b * 4 * h];
    let cp = vec![0.1f32; b * h];
    let mut c = vec![0f32; b * h];
    let mut hh = vec![0f32; b * h];
    let t = best(|| {
        for _ in 0..10 {
            gates_forward(h, &mut g, &cp, &mut c, &mut hh)
        }
    }) / 10.;
    println!(
        "gates fwd {:.1} us ({:.1}% of gemm at 100)",
        t * 1e6,
        100. * t / (2e-11 * (b * 539 * 2048) as f64)
    );
    let mut dc = vec![0f32; b * h];
    let t = best(|| {
        for _ in 0..10 {
            gates_backward(GateGradients {
                units: h,
                gates: &mut g,
                c_previous: &cp,
                c: &c,
                d_h: &hh,
                d_c: &mut dc,
            })
        }
    }) / 10.;
    println!("gates bwd {:.1} us", t * 1e6);
}
