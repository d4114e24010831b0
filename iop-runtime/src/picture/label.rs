//! Where on its line a label has room: on a horizontal stretch, with no box, other line or label in the way.

use super::layout::{Layout, Path, Point, Rectangle};

/// Height of the line of text of a label, above the line that it stands on.
const HEIGHT: f64 = 11.0;
/// From the beginning of a stretch to the label.
const INDENT: f64 = 7.0;
/// How far a label that is in the way of something is moved at a time.
const STEP: f64 = 6.0;

/// How long a stretch should be for a label of a width, so that it can also make way a little.
pub(super) fn stretch_for(width: f64) -> f64 {
    (width + 2.0 * INDENT + STEP).ceil() + 1.0
}

/// The lower left corner of each label, in the order of the lines, where there is room. A label of no width has none.
pub(super) fn places(layout: &Layout, widths: &[f64]) -> Vec<Option<Point>> {
    let mut taken: Vec<Rectangle> = layout.boxes.clone();
    for path in &layout.paths {
        taken.extend(stretches(path).map(|stretch| stretch.covered()));
        // The arrow.
        taken.extend(path.points.last().map(|tip| Rectangle {
            x: tip.x - 9.0,
            y: tip.y - 5.0,
            width: 18.0,
            height: 10.0,
        }));
    }
    let mut places = Vec::new();
    for (path, &width) in layout.paths.iter().zip(widths) {
        let place = (width > 0.0).then(|| place(path, width, &taken)).flatten();
        taken.extend(place.map(|at| Rectangle { x: at.x, y: at.y - HEIGHT, width, height: HEIGHT }));
        places.push(place);
    }
    places
}

/// On the first stretch that has room for it, as near as possible to where the line comes from.
fn place(path: &Path, width: f64, taken: &[Rectangle]) -> Option<Point> {
    stretches(path).filter(|stretch| stretch.from.y == stretch.to.y).find_map(|stretch| {
        let covered = stretch.covered();
        let y = stretch.from.y;
        let rightwards = stretch.from.x < stretch.to.x;
        let room = covered.width - width - 2.0 * INDENT;
        let steps = (0..).map(|step| f64::from(step) * STEP).take_while(|&shift| shift <= room);
        let near = covered.x + INDENT;
        steps.map(|shift| if rightwards { near + shift } else { near + room - shift }).find_map(|x| {
            let label = Rectangle { x, y: y - HEIGHT - 0.5, width, height: HEIGHT };
            (!taken.iter().any(|other| overlap(&label, other))).then_some(Point { x, y })
        })
    })
}

struct Stretch {
    from: Point,
    to: Point,
}

impl Stretch {
    fn covered(&self) -> Rectangle {
        let (from, to) = (self.from, self.to);
        Rectangle {
            x: from.x.min(to.x),
            y: from.y.min(to.y),
            width: (from.x - to.x).abs(),
            height: (from.y - to.y).abs(),
        }
    }
}

fn stretches(path: &Path) -> impl Iterator<Item = Stretch> {
    path.points.windows(2).map(|pair| Stretch { from: pair[0], to: pair[1] })
}

fn overlap(one: &Rectangle, other: &Rectangle) -> bool {
    one.x < other.x + other.width
        && other.x < one.x + one.width
        && one.y < other.y + other.height
        && other.y < one.y + one.height
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(points: &[(f64, f64)]) -> Path {
        Path { points: points.iter().map(|&(x, y)| Point { x, y }).collect(), back: false }
    }

    fn places_of(paths: &[Path], widths: &[f64]) -> Vec<Option<Point>> {
        let layout = Layout { width: 400.0, height: 100.0, boxes: Vec::new(), paths: paths.to_vec() };
        places(&layout, widths)
    }

    #[test]
    fn a_label_stands_at_the_beginning_and_makes_way_for_what_crosses() {
        let line = path(&[(0.0, 50.0), (200.0, 50.0)]);
        let crossing = path(&[(0.0, 80.0), (20.0, 80.0), (20.0, 20.0), (200.0, 20.0)]);
        assert_eq!(places_of(std::slice::from_ref(&line), &[60.0]), [Some(Point { x: INDENT, y: 50.0 })]);
        let at = places_of(&[line, crossing], &[60.0, 0.0]);
        assert_eq!(at, [Some(Point { x: INDENT + 3.0 * STEP, y: 50.0 }), None]);
    }

    #[test]
    fn a_label_without_room_is_left_out() {
        let short = path(&[(0.0, 50.0), (60.0, 50.0)]);
        assert_eq!(places_of(&[short], &[60.0]), [None]);
        let above = path(&[(0.0, 45.0), (200.0, 45.0)]);
        assert_eq!(places_of(&[path(&[(0.0, 50.0), (200.0, 50.0)]), above], &[60.0, 0.0]), [None, None]);
    }
}
