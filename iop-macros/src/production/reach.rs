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

/// Items that reach each other, and that nothing else reaches: neither an item that no way leads to, nor one that is
/// `entered` in another way. What only they reach is not among them.
pub(super) fn islands(entered: &[bool], ways: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let (after, before) = (
        onward(entered.len(), ways.iter().copied()),
        onward(entered.len(), ways.iter().map(|(from, to)| (*to, *from))),
    );
    let begins = |item: usize| before.get(item).is_none_or(Vec::is_empty) || entered.get(item) == Some(&true);
    let mut covered = vec![false; entered.len()];
    let cover = |covered: &mut Vec<bool>, start: usize| {
        for (covered, reached) in covered.iter_mut().zip(reached(&after, start)) {
            *covered |= reached;
        }
    };
    for item in (0..entered.len()).filter(|item| begins(*item)) {
        cover(&mut covered, item);
    }
    let mut islands = Vec::new();
    while let Some(item) = covered.iter().position(|covered| !covered) {
        // Upstream of all that leads here lie items that reach each other, and nothing upstream of them.
        let leads_here = members(&reached(&before, item));
        let source = leads_here.into_iter().find(|start| {
            let onward = reached(&after, *start);
            members(&reached(&before, *start)).into_iter().all(|earlier| onward.get(earlier) == Some(&true))
        });
        let Some(source) = source else { break };
        cover(&mut covered, source);
        islands.push(members(&reached(&before, source)));
    }
    islands
}

fn members(of: &[bool]) -> Vec<usize> {
    of.iter().enumerate().filter(|(_, is)| **is).map(|(item, _)| item).collect()
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
