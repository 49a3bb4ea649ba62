//! Percentile curves as a picture: the axis of HdrHistogram, where each step to the right is a tenth of the lines
//! that are slower, and times on a logarithmic axis, for targets may lie a hundredfold apart.

use super::run::Run;
use super::users;
use hdrhistogram::Histogram;
use plotters::prelude::*;
use std::path::Path;

const SIZE: (u32, u32) = (960, 540);

/// Decades to the right of 0 %: 99.999 % is five.
const DECADES_MAX: i32 = 6;

/// Told apart by people with any eyes (Okabe and Ito's palette, without yellow).
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(0, 0, 0),
];

/// One line of the picture.
struct Curve {
    name: String,
    /// Decades and ms.
    points: Vec<(f64, f64)>,
}

/// Draws the delivery of every target of `runs`, all runs of a target that count together.
pub fn percentiles(file: &Path, title: &str, runs: &[Run]) -> Result<(), String> {
    let mut targets: Vec<&str> = Vec::new();
    for run in runs {
        if !targets.contains(&run.target.as_str()) {
            targets.push(&run.target);
        }
    }
    let mut curves = Vec::new();
    for target in targets {
        let of_target = || runs.iter().filter(|run| run.target == target);
        let counts = of_target().filter(|run| run.failures().is_empty() && !run.is_noisy()).count();
        let mut all = users::empty_latency();
        // Without a run that counts the others are shown, and said to be such.
        for run in of_target().filter(|run| counts == 0 || (run.failures().is_empty() && !run.is_noisy())) {
            all.add(&run.delivery_us).map_err(|e| e.to_string())?;
        }
        let name = match counts {
            0 => format!("{target} (failed or noisy)"),
            1 => target.to_string(),
            n => format!("{target}, {n} runs"),
        };
        curves.push(Curve { name, points: points(&all) });
    }
    draw(file, title, &curves).map_err(|e| format!("{}: {e}", file.display()))
}

/// Steps of the curve, as far to the right as the lines are many.
fn points(us: &Histogram<u32>) -> Vec<(f64, f64)> {
    let decades_max = (us.len().max(1) as f64).log10().min(f64::from(DECADES_MAX));
    us.iter_quantiles(20)
        .map(|step| {
            let decades = -(1.0 - step.quantile_iterated_to()).max(1e-9).log10();
            (decades.min(decades_max), step.value_iterated_to().max(1) as f64 / 1000.0)
        })
        .collect()
}

fn draw(file: &Path, title: &str, curves: &[Curve]) -> Result<(), Box<dyn std::error::Error>> {
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let decades = all().map(|p| p.0).fold(1.0, f64::max).ceil();
    let (least, most) = all().fold((f64::MAX, 0.0f64), |(least, most), p| (least.min(p.1), most.max(p.1)));
    let (least, most) = if least <= most { (least, most) } else { (0.1, 1.0) };
    // To a round number beyond, so that no curve lies on the frame.
    let (low, high) = (round_down(least), round_down(most) * 2.0);
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 16))
        .margin(16)
        // Half of the last percentile's name stands there.
        .margin_right(44)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..decades, (low..high.max(low * 10.0)).log_scale())?;
    chart
        .configure_mesh()
        .x_labels(decades as usize + 1)
        .y_labels(12)
        .x_label_formatter(&|decades| percent(*decades))
        .y_label_formatter(&|ms| format!("{ms}"))
        .x_desc("of the lines, at most")
        .y_desc("delivery, ms")
        .light_line_style(WHITE)
        .draw()?;
    for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        chart
            .draw_series(LineSeries::new(curve.points.iter().copied(), colour.stroke_width(2)))?
            .label(&curve.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.9))
        .border_style(RGBColor(160, 160, 160))
        .draw()?;
    root.present()?;
    Ok(())
}

/// 1, 2 or 5 times a power of ten, at most `value`.
fn round_down(value: f64) -> f64 {
    let power = 10f64.powf(value.max(1e-3).log10().floor());
    [5.0, 2.0, 1.0].iter().map(|times| times * power).find(|round| *round <= value).unwrap_or(power)
}

/// 0 %, 90 %, 99 %, 99.9 % ...
fn percent(decades: f64) -> String {
    let places = (decades.round() as usize).saturating_sub(2);
    format!("{:.places$} %", 100.0 - 100.0 * 10f64.powf(-decades))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_the_names_of_percentiles() {
        let names: Vec<String> = (0..5).map(|d| percent(f64::from(d))).collect();
        assert_eq!(names, ["0 %", "90 %", "99 %", "99.9 %", "99.99 %"]);
        assert_eq!([0.7, 4.9, 5.0, 130.0].map(round_down), [0.5, 2.0, 5.0, 100.0]);
    }

    #[test]
    fn the_curve_passes_through_the_percentiles() {
        let mut us = users::empty_latency();
        (1..=100_000u64).for_each(|n| us.saturating_record(n));
        let points = points(&us);
        assert!(points.is_sorted_by(|a, b| a.0 <= b.0 && a.1 <= b.1));
        let at = |decades: f64| points.iter().find(|p| p.0 >= decades).unwrap().1;
        assert!((at(1.0) - 90.0).abs() < 2.0 && (at(2.0) - 99.0).abs() < 2.0, "{} {}", at(1.0), at(2.0));
        assert_eq!(points.last().unwrap().0, 5.0, "100,000 lines say nothing beyond 99.999 %");
    }

    #[test]
    fn the_picture_names_every_target_and_escapes_the_title() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.svg");
        let curve = |name: &str, ms: f64| Curve {
            name: name.into(),
            points: vec![(0.0, ms), (1.0, ms * 2.0), (3.0, ms * 9.0)],
        };
        draw(&file, "5000 in 1000 ms -> 10 users", &[curve("dxring", 3.0), curve("nats", 40.0)]).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        for part in ["<svg", "dxring", "nats", "99.9 %", "delivery, ms", "-&gt; 10 users", "</svg>"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.matches("<polyline").count() >= 4, "curves and keys");
        draw(&file, "nothing", &[]).unwrap();
    }
}
