//! The clustered vectors of `benches/lib/vectors.mjs`, made here: `unit(c[k] + 1.2 g / sqrt(384))`, `c` 1,000 random unit
//! vectors, `k` drawn at random for each vector, `g` standard normal. Same generator (sfc32), seeds and order of draws, so
//! vector *i* is the same as there but for the last bit of a sine. Vector *i* depends on the seed and *i* alone.

pub const DIMS: usize = 384;
/// Queries are of the same distribution; their numbers are none of the base.
pub const HELD_OUT: usize = 1 << 30;
const CENTRES: u32 = 1_000;
const NOISE: f64 = 1.2;

struct Sfc32(u32, u32, u32, u32);

impl Sfc32 {
    fn new(seed: u32, stream: u32) -> Self {
        let mut it = Self(seed, stream, 0x9e37_79b9, 1);
        for _ in 0..12 {
            it.draw();
        }
        it
    }

    fn draw(&mut self) -> u32 {
        let t = self.0.wrapping_add(self.1).wrapping_add(self.3);
        self.3 = self.3.wrapping_add(1);
        self.0 = self.1 ^ (self.1 >> 9);
        self.1 = self.2.wrapping_add(self.2 << 3);
        self.2 = self.2.rotate_left(21).wrapping_add(t);
        t
    }

    /// In [0, 1).
    fn share(&mut self) -> f64 {
        f64::from(self.draw()) / 4_294_967_296.0
    }

    fn below(&mut self, n: u32) -> u32 {
        (self.share() * f64::from(n)) as u32
    }
}

/// Makes vectors and tags.
pub struct Clustered {
    seed: u32,
    centres: Vec<Vec<f64>>,
}

impl Clustered {
    pub fn new(seed: u32) -> Self {
        let centre = |k| {
            let mut c = normal(&mut Sfc32::new(seed, k));
            unit(&mut c);
            c
        };
        Self { seed, centres: (0..CENTRES).map(centre).collect() }
    }

    /// Vector `i`, of unit length.
    pub fn vector(&self, i: usize) -> Vec<f32> {
        let mut draws = Sfc32::new(self.seed + 1, i as u32);
        let centre = &self.centres[draws.below(CENTRES) as usize];
        let mut g = normal(&mut draws);
        g.iter_mut().zip(centre).for_each(|(g, c)| *g = c + NOISE * *g / (DIMS as f64).sqrt());
        unit(&mut g);
        g.into_iter().map(|x| x as f32).collect()
    }

    /// Which one in a hundred vector `i` belongs to.
    pub fn tag(&self, i: usize) -> u32 {
        Sfc32::new(self.seed + 7, i as u32).below(100)
    }
}

/// Standard normal numbers (Box-Muller).
fn normal(draws: &mut Sfc32) -> Vec<f64> {
    let mut out = Vec::with_capacity(DIMS);
    while out.len() < DIMS {
        let radius = (-2.0 * (1.0 - draws.share()).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * draws.share()).sin_cos();
        out.extend([radius * cos, radius * sin]);
    }
    out
}

fn unit(v: &mut [f64]) {
    let scale = 1.0 / v.iter().map(|x| x * x).sum::<f64>().sqrt();
    v.iter_mut().for_each(|x| *x *= scale);
}
