//! Percentiles.

/// Measured values in their order.
pub struct Spread(Vec<f64>);

impl Spread {
    pub fn new(values: impl IntoIterator<Item = f64>) -> Spread {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Spread(values)
    }

    /// Distances from `centre`.
    pub fn around(&self, centre: f64) -> Spread {
        Spread::new(self.0.iter().map(|value| (value - centre).abs()))
    }

    /// The value below which this share of all lies; NaN where there are none.
    pub fn at(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        let place = (last as f64 * share).round() as usize;
        self.0.get(place).copied().unwrap_or(f64::NAN)
    }

    pub fn median(&self) -> f64 {
        self.at(0.5)
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// `p50 0.041, p99 0.150, worst 0.310`.
    pub fn say(&self) -> String {
        format!(
            "p50 {:.3}, p99 {:.3}, worst {:.3}",
            self.at(0.5),
            self.at(0.99),
            self.at(1.0)
        )
    }
}
