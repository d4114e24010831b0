//! What holds for the layout of every graph.

use std::sync::LazyLock;
use std::time::Instant;

use iop::picture::layout::{BOX_HEIGHT, Column, Layout, Path, Point, Rectangle, Sketch};

use crate::graphs::{generated, hospital, sketch};

/// Graphs of 1 to 200 items with their layouts, made once for all tests.
static LAYOUTS: LazyLock<Vec<(String, Sketch, Layout)>> = LazyLock::new(|| {
    let small = (1..=20).flat_map(|items| (0..6).map(move |seed| (items, seed)));
    let large = [34, 65, 120, 200].map(|items| (items, 1));
    let layout = |(items, seed)| {
        let sketch = generated(items, seed);
        let layout = Layout::of(&sketch);
        (format!("{items} items, seed {seed}"), sketch, layout)
    };
    small.chain(large).map(layout).collect()
});

fn stretches(path: &Path) -> impl Iterator<Item = Rectangle> {
    path.points.windows(2).map(|pair| Rectangle {
        x: pair[0].x.min(pair[1].x),
        y: pair[0].y.min(pair[1].y),
        width: (pair[0].x - pair[1].x).abs(),
        height: (pair[0].y - pair[1].y).abs(),
    })
}

/// Both inner sides have something in common.
fn overlap(one: &Rectangle, other: &Rectangle) -> bool {
    one.x < other.x + other.width
        && other.x < one.x + one.width
        && one.y < other.y + other.height
        && other.y < one.y + one.height
}

#[test]
fn everything_has_its_place_within_the_picture() {
    for (name, sketch, layout) in &*LAYOUTS {
        assert_eq!((layout.boxes.len(), layout.paths.len()), (sketch.items.len(), sketch.lines.len()), "{name}");
        let within = |x: f64, y: f64| (0.0..=layout.width).contains(&x) && (0.0..=layout.height).contains(&y);
        for at in &layout.boxes {
            assert!(within(at.x, at.y) && within(at.x + at.width, at.y + at.height), "{name}: {at:?}");
            assert!(at.width == sketch.box_width && at.height >= BOX_HEIGHT, "{name}: {at:?}");
        }
        for point in layout.paths.iter().flat_map(|path| &path.points) {
            assert!(within(point.x, point.y), "{name}: {point:?}");
        }
    }
}

#[test]
fn boxes_do_not_overlap() {
    for (name, _, layout) in &*LAYOUTS {
        for (index, one) in layout.boxes.iter().enumerate() {
            for other in &layout.boxes[..index] {
                assert!(!overlap(one, other), "{name}: {one:?} {other:?}");
            }
        }
    }
}

#[test]
fn no_line_runs_through_a_box() {
    for (name, _, layout) in &*LAYOUTS {
        for stretch in layout.paths.iter().flat_map(stretches) {
            let through = layout.boxes.iter().find(|at| overlap(&stretch, at));
            assert_eq!(through, None, "{name}: {stretch:?}");
        }
    }
}

#[test]
fn no_two_lines_run_on_top_of_each_other() {
    for (name, _, layout) in &*LAYOUTS {
        for (index, one) in layout.paths.iter().enumerate() {
            for other in &layout.paths[..index] {
                for (one, other) in stretches(one).flat_map(|one| stretches(other).map(move |other| (one, other))) {
                    let both = (one.height == 0.0 && other.height == 0.0) || (one.width == 0.0 && other.width == 0.0);
                    // Thicker by what the eye needs to tell them apart.
                    let thick = |at: Rectangle| match at.height == 0.0 {
                        true => Rectangle { height: 3.0, ..at },
                        false => Rectangle { width: 3.0, ..at },
                    };
                    assert!(!(both && overlap(&thick(one), &thick(other))), "{name}: {one:?} {other:?}");
                }
            }
        }
    }
}

#[test]
fn a_line_leads_from_its_item_to_the_edge_of_the_other_in_level_and_upright_stretches() {
    let at_edge = |at: &Rectangle, point: &Point| {
        (point.x == at.x || point.x == at.x + at.width) && at.y < point.y && point.y < at.y + at.height
    };
    for (name, sketch, layout) in &*LAYOUTS {
        for (line, path) in sketch.lines.iter().zip(&layout.paths) {
            let [first, .., last] = path.points.as_slice() else { panic!("{name}: {line:?} is not drawn") };
            assert!(at_edge(&layout.boxes[line.from], first), "{name}: {line:?} {path:?}");
            assert!(at_edge(&layout.boxes[line.to], last), "{name}: {line:?} {path:?}");
            let upright: Vec<bool> = stretches(path).map(|stretch| stretch.width == 0.0).collect();
            let level = stretches(path).all(|stretch| stretch.width == 0.0 || stretch.height == 0.0);
            let in_turn = upright.iter().enumerate().all(|(index, &upright)| upright == (index % 2 == 1));
            assert!(level && in_turn && upright.len() % 2 == 1, "{name}: {line:?} {path:?}");
        }
    }
}

#[test]
fn services_stand_left_of_processes_and_processes_left_of_operations() {
    for (name, sketch, layout) in &*LAYOUTS {
        let rank = |column: &Column| match column {
            Column::First => 0,
            Column::Between => 1,
            Column::Last => 2,
        };
        let mut placed: Vec<(f64, i32)> =
            sketch.items.iter().zip(&layout.boxes).map(|(column, at)| (at.x, rank(column))).collect();
        placed.sort_by(|one, other| one.partial_cmp(other).unwrap());
        assert!(placed.is_sorted_by_key(|(_, rank)| *rank), "{name}: {placed:?}");
        for (from, to) in placed.iter().zip(&placed[1..]) {
            assert!(from.1 == to.1 || from.0 + sketch.box_width < to.0, "{name}: {from:?} {to:?}");
        }
    }
}

#[test]
fn a_line_that_points_left_is_marked() {
    for (name, sketch, layout) in &*LAYOUTS {
        for (line, path) in sketch.lines.iter().zip(&layout.paths) {
            let left = layout.boxes[line.to].x < layout.boxes[line.from].x;
            assert_eq!(path.back, left, "{name}: {line:?}");
        }
    }
}

#[test]
fn only_a_cycle_has_lines_between_processes_that_point_left() {
    let chain = |mut sketch: Sketch| {
        sketch.items = vec![Column::Between; sketch.items.len()];
        sketch.lines.retain(|line| line.from < line.to);
        sketch
    };
    for seed in 0..20 {
        let layout = Layout::of(&chain(generated(12, seed)));
        assert!(layout.paths.iter().all(|path| !path.back), "seed {seed}: {layout:?}");
    }
}

#[test]
fn a_labelled_line_runs_straight_far_enough_for_its_label() {
    for (name, sketch, layout) in &*LAYOUTS {
        for (line, path) in sketch.lines.iter().zip(&layout.paths).filter(|(_, path)| !path.back) {
            let length = stretches(path).next().unwrap().width;
            assert!(length >= line.label, "{name}: {line:?} {path:?}");
        }
    }
}

#[test]
fn the_same_graph_gives_the_same_picture() {
    for (name, sketch, layout) in &*LAYOUTS {
        assert_eq!(&Layout::of(sketch), layout, "{name}");
    }
}

/// The figures of `docs/reference/console-figures.md`:
/// `cargo test --release -p iop-tests --test picture -- --ignored --nocapture how_long`.
#[test]
#[ignore = "takes the time; of a release build, alone on the machine"]
fn how_long_a_layout_takes_is_within_its_aim() {
    let millis = |began: Instant| began.elapsed().as_secs_f64() * 1000.0;
    for (items, seed) in [(65, 1), (120, 1), (200, 1), (200, 2), (200, 3), (200, 4)] {
        let sketch = generated(items, seed);
        let mut took: Vec<f64> = (0..21)
            .map(|_| {
                let began = Instant::now();
                std::hint::black_box(Layout::of(&sketch));
                millis(began)
            })
            .collect();
        took.sort_by(f64::total_cmp);
        let (median, worst) = (took[10], took[20]);
        println!("| {items} | {} | {median:.1} | {worst:.1} |", sketch.lines.len());
        assert!(cfg!(debug_assertions) || median <= 50.0, "{items} items, seed {seed}: {median} ms");
    }
}

#[test]
fn a_graph_of_nothing_is_nothing() {
    let nothing = Layout::of(&Sketch { box_width: 160.0, items: Vec::new(), lines: Vec::new() });
    assert_eq!(nothing, Layout { width: 0.0, height: 0.0, boxes: Vec::new(), paths: Vec::new() });
}

#[test]
fn the_hospital_has_two_crossings_and_one_line_back() {
    let layout = Layout::of(&sketch(&hospital()));
    let mut crossings = 0;
    for (index, one) in layout.paths.iter().enumerate() {
        for other in &layout.paths[..index] {
            let pairs = stretches(one).flat_map(|one| stretches(other).map(move |other| (one, other)));
            // A level stretch and an upright one have no inner side, only a place where they cross.
            crossings += pairs.filter(|(one, other)| overlap(one, other)).count();
        }
    }
    assert_eq!((crossings, layout.paths.iter().filter(|path| path.back).count()), (2, 1));
}
