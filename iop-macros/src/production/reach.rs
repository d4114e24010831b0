//! What leads where: which ways may lie on a circle, and which items between two others. Only those are asked about;
//! what is wrong with them is found in the constant functions of the runtime, which also know the components.

use super::model::Route;

/// By way from one item to another, whether it lies on a circle, or between two.
pub(super) fn in_circles(items: usize, ends: &[(usize, usize)]) -> Vec<bool> {
    let back: Vec<(usize, usize)> = ends.iter().map(|(from, to)| (*to, *from)).collect();
    let (after, before) = (kept(items, ends), kept(items, &back));
    let is_kept = |item: usize| [&after, &before].iter().all(|kept| kept.get(item).copied().unwrap_or_default());
    ends.iter().map(|(from, to)| is_kept(*from) && is_kept(*to)).collect()
}

/// Whether copies that go from `of` to `to` come of messages that come of such copies: what the item behind a tap sends leads
/// back to the item that is tapped, and no item on the way is `bounded`. A copy itself is not copied again.
pub(super) fn comes_back(of: usize, to: usize, routes: &[Route], taps: &[(usize, usize)], bounded: &[bool]) -> bool {
    let passable = |item: usize| !bounded.get(item).copied().unwrap_or_default();
    let routed = routes.iter().map(|route| (route.from, route.to));
    let ends = routed.clone().chain(taps.iter().copied()).filter(|(from, to)| passable(*from) && passable(*to));
    let onward = onward(bounded.len(), ends);
    let sent = routed.filter(|(from, end)| *from == to && passable(*from) && passable(*end));
    sent.map(|(_, end)| reached(&onward, end)).any(|reached| reached.get(of).copied().unwrap_or_default())
}

/// What is left when items that nothing leads to are taken away, again and again.
fn kept(items: usize, ends: &[(usize, usize)]) -> Vec<bool> {
    let onward = onward(items, ends.iter().copied());
    let mut open = vec![0_usize; items];
    for (_, to) in ends {
        add(&mut open, *to, 1);
    }
    let mut kept = vec![true; items];
    let mut ready: Vec<usize> = (0..items).filter(|item| open.get(*item) == Some(&0)).collect();
    while let Some(item) = ready.pop() {
        if let Some(kept) = kept.get_mut(item) {
            *kept = false;
        }
        for to in onward.get(item).into_iter().flatten() {
            if let Some(count) = open.get_mut(*to) {
                *count -= 1;
                if *count == 0 {
                    ready.push(*to);
                }
            }
        }
    }
    kept
}

fn add(counts: &mut [usize], index: usize, more: usize) {
    if let Some(count) = counts.get_mut(index) {
        *count += more;
    }
}

/// The items on a way from the one to the other, both included; none where there is no way.
pub(super) fn between(items: usize, ways: &[(usize, usize)], from: usize, to: usize) -> Vec<usize> {
    let after = reached(&onward(items, ways.iter().copied()), from);
    let before = reached(&onward(items, ways.iter().map(|(from, to)| (*to, *from))), to);
    after
        .iter()
        .zip(&before)
        .enumerate()
        .filter(|(_, (after, before))| **after && **before)
        .map(|(item, _)| item)
        .collect()
}

fn reached(onward: &[Vec<usize>], start: usize) -> Vec<bool> {
    let mut reached = vec![false; onward.len()];
    let mut waiting = vec![start];
    while let Some(item) = waiting.pop() {
        if let Some(reached) = reached.get_mut(item)
            && !std::mem::replace(reached, true)
        {
            waiting.extend(onward.get(item).into_iter().flatten());
        }
    }
    reached
}

fn onward(items: usize, ends: impl Iterator<Item = (usize, usize)>) -> Vec<Vec<usize>> {
    let mut onward = vec![Vec::new(); items];
    for (from, to) in ends {
        if let Some(onward) = onward.get_mut(from) {
            onward.push(to);
        }
    }
    onward
}
