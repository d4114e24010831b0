//! What `production!` has proved, proved again with the settings that the environment gives.

use super::{Origin, SettingError};
use crate::production::Graph;
use crate::production::proof::mistakes;

/// What does not hold with so many workers. `workers` is the pool size of an item, and where it was written; `None`
/// where it was refused already.
pub(super) fn check(
    graph: &'static Graph,
    workers: impl Fn(usize) -> Option<(u32, Origin)>,
    errors: &mut Vec<SettingError>,
) {
    let count = |item| workers(item).map_or(1, |(count, _)| count);
    errors.extend(mistakes(graph, &count).into_iter().map(|mistake| {
        let item = mistake.item.and_then(|index| Some((graph.items.get(index)?, workers(index))));
        match item {
            // The setting is at fault where it says something else than what was compiled.
            Some((item, Some((count, origin)))) if count != item.policy.pool_size.unwrap_or(1) => {
                SettingError::new(format!("{}.pool_size", item.name), origin, mistake.text)
            }
            Some((item, _)) => SettingError::new(item.name, Origin::Production, mistake.text),
            None => SettingError::new(graph.name, Origin::Production, mistake.text),
        }
    }));
}
