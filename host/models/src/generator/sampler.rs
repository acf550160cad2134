//! Which token comes next: the most probable one, or one drawn by chance from a seed.

/// How tokens are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sampling {
    /// 0 is the most probable token, always.
    pub(crate) temperature: f64,
    /// The most probable tokens whose probabilities sum to this are drawn from, and no others.
    pub(crate) top_p: f64,
    /// The same seed draws the same tokens.
    pub(crate) seed: u64,
}

/// Chooses tokens.
pub(crate) struct Sampler {
    sampling: Sampling,
    /// The state of SplitMix64.
    state: u64,
}

/// A token, and how probable the model found it, whatever the temperature is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Chosen {
    pub(crate) token: u32,
    pub(crate) logprob: f64,
}

impl Sampler {
    pub(crate) fn new(sampling: Sampling) -> Sampler {
        Sampler {
            sampling,
            state: sampling.seed,
        }
    }

    /// Chooses from the model's output, which has a number for each token. `None` if a number is not finite.
    pub(crate) fn choose(&mut self, output: &[f32]) -> Option<Chosen> {
        if output.is_empty() || !output.iter().all(|number| number.is_finite()) {
            return None;
        }
        let mut best = 0;
        for (token, number) in output.iter().enumerate() {
            // Of equal numbers the first one counts.
            if *number > output[best] {
                best = token;
            }
        }
        let token = match self.sampling.temperature > 0.0 {
            true => self.draw(output, output[best]),
            false => best,
        };
        let highest = f64::from(output[best]);
        let sum: f64 = output
            .iter()
            .map(|number| (f64::from(*number) - highest).exp())
            .sum();
        Some(Chosen {
            token: u32::try_from(token).ok()?,
            logprob: f64::from(output[token]) - highest - sum.ln(),
        })
    }

    fn draw(&mut self, output: &[f32], highest: f32) -> usize {
        let Sampling {
            temperature, top_p, ..
        } = self.sampling;
        let weight = |number: f32| ((f64::from(number) - f64::from(highest)) / temperature).exp();
        let mut weights: Vec<(usize, f64)> = output
            .iter()
            .map(|number| weight(*number))
            .enumerate()
            .collect();
        let mut sum: f64 = weights.iter().map(|(_, weight)| weight).sum();
        if top_p < 1.0 {
            weights.sort_by(|a, b| b.1.total_cmp(&a.1));
            let most = sum * top_p;
            let (mut kept, mut count) = (0.0, 0);
            while count == 0 || (kept < most && count < weights.len()) {
                kept += weights[count].1;
                count += 1;
            }
            weights.truncate(count);
            sum = kept;
        }
        let mut left = self.between_0_and_1() * sum;
        for (token, weight) in &weights {
            left -= weight;
            if left < 0.0 {
                return *token;
            }
        }
        // Only rounding leads here.
        weights[weights.len() - 1].0
    }

    /// A number of 53 bits by SplitMix64.
    fn between_0_and_1(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::{Sampler, Sampling};

    /// The model's output for these probabilities.
    fn output(probabilities: &[f32]) -> Vec<f32> {
        probabilities.iter().map(|number| number.ln()).collect()
    }

    fn drawn(temperature: f64, top_p: f64, seed: u64) -> [usize; 3] {
        let mut sampler = Sampler::new(Sampling {
            temperature,
            top_p,
            seed,
        });
        let output = output(&[0.1, 0.6, 0.3]);
        let mut counts = [0; 3];
        for _ in 0..10_000 {
            counts[sampler.choose(&output).unwrap().token as usize] += 1;
        }
        counts
    }

    #[test]
    fn the_most_probable_token_or_one_by_its_probability() {
        assert_eq!(drawn(0.0, 1.0, 7), [0, 10_000, 0]);
        assert_eq!(drawn(1.0, 1.0, 7), drawn(1.0, 1.0, 7));
        assert_ne!(drawn(1.0, 1.0, 7), drawn(1.0, 1.0, 8));
        for (temperature, top_p, expected) in [
            (1.0, 1.0, [0.1, 0.6, 0.3]),
            (1.0, 0.8, [0.0, 0.6667, 0.3333]),
            (1.0, 0.0, [0.0, 1.0, 0.0]),
            // Probabilities to the power of 2.
            (0.5, 1.0, [0.0217, 0.7826, 0.1957]),
        ] {
            for (count, expected) in drawn(temperature, top_p, 7).into_iter().zip(expected) {
                let found = count as f64 / 10_000.0;
                assert!(
                    (found - expected).abs() < 0.02,
                    "{temperature} {top_p}: {found}"
                );
            }
        }
    }

    #[test]
    fn a_log_probability_is_the_models_own() {
        for temperature in [0.0, 0.1] {
            let mut sampler = Sampler::new(Sampling {
                temperature,
                top_p: 1.0,
                seed: 7,
            });
            // The model's output may have any sum.
            let output: Vec<f32> = output(&[0.1, 0.6, 0.3]).iter().map(|n| n + 5.0).collect();
            let chosen = sampler.choose(&output).unwrap();
            assert_eq!(chosen.token, 1);
            assert!((chosen.logprob - 0.6_f64.ln()).abs() < 1e-6, "{chosen:?}");
        }
    }

    #[test]
    fn what_is_not_finite_is_no_choice() {
        let mut sampler = Sampler::new(Sampling {
            temperature: 0.0,
            top_p: 1.0,
            seed: 0,
        });
        for output in [
            &[][..],
            &[0.0, f32::NAN],
            &[f32::INFINITY],
            &[f32::NEG_INFINITY],
        ] {
            assert_eq!(sampler.choose(output), None, "{output:?}");
        }
        let first = sampler.choose(&[1.0, 1.0]).unwrap();
        assert_eq!(first.token, 0);
    }
}
