//! Which reports tell of the same as an earlier one.

/// Two reports that are nearer than this tell of the same.
const SAME: f32 = 0.6;

/// For each vector the nearest one before it, if it is near enough, with the cosine of the angle between them. The vectors
/// have length 1.
pub(crate) fn repeated(vectors: &[Vec<f32>]) -> Vec<Option<(usize, f32)>> {
    let nearest = |place: usize| {
        let earlier = vectors[..place].iter().enumerate();
        earlier
            .map(|(other, vector)| (other, cosine(vector, &vectors[place])))
            .filter(|(_, likeness)| *likeness >= SAME)
            .max_by(|a, b| a.1.total_cmp(&b.1))
    };
    (0..vectors.len()).map(nearest).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_earlier_one_is_found() {
        let vectors = [
            vec![1.0, 0.0],
            vec![0.0, 1.0],
            vec![0.8, 0.6],
            vec![1.0, 0.0],
        ];
        let expected = [None, None, Some((0, 0.8)), Some((0, 1.0))];
        assert_eq!(repeated(&vectors), expected);
    }
}
