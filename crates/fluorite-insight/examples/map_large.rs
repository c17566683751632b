//! How long the steps of a map take: `cargo run --release -p fluorite-insight --example map_large [rows] [dimensions]` (100,000 and 384).
//! Vectors around 200 directions, made here: nothing is read from a store.
#![allow(clippy::print_stdout, clippy::unwrap_used)] // a program

use std::time::Instant;

use fluorite_insight::{Matrix, Work, kmeans, lay_out, principal_components};
use fluorite_memory::CancelToken;

fn main() {
    let mut args = std::env::args().skip(1).map(|a| a.parse::<usize>().unwrap());
    let (n, d) = (args.next().unwrap_or(100_000), args.next().unwrap_or(384));
    let mut state = 88_172_645_463_325_252u64;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let mut normal = move || (0..4).map(|_| uniform()).sum::<f32>();
    let centres: Vec<Vec<f32>> = (0..200).map(|_| (0..d).map(|_| normal()).collect()).collect();
    let mut rows = Matrix { dimensions: d, values: Vec::with_capacity(n * d) };
    (0..n).for_each(|i| rows.values.extend(centres[i * 31 % 200].iter().map(|c| c + 0.7 * normal())));
    rows.normalise();
    let work = Work::new(None, CancelToken::default(), None).unwrap();
    let timed = |name: &str, run: &mut dyn FnMut()| {
        let started = Instant::now();
        run();
        println!("{name:<28} {:>7.2} s", started.elapsed().as_secs_f64());
    };
    println!("{n} rows of {d}");
    timed("k-means, 40 clusters", &mut || drop(kmeans(&rows, 40, 0, &work).unwrap()));
    timed("32 principal components", &mut || drop(principal_components(&rows, 32, &work).unwrap()));
    timed("map (components included)", &mut || drop(lay_out(&rows, 15, 0, &work).unwrap()));
}
