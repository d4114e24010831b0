//! Settings of several values: what may be left out, lists and maps.

use std::collections::BTreeMap;

use super::Feed;
use super::range::Measure;
use super::tables::TableKind;
use super::value::{Raw, Setting, expected};

impl<T: Setting> Setting for Option<T> {
    const TYPE: &'static str = T::TYPE;
    const OPTIONAL: bool = true;
    const SECRET: bool = T::SECRET;
    const RANGED: bool = T::RANGED;
    // Not of `Option<Live<T>>`: an instance that was built without a value has nothing that could follow a later one, so
    // a reload builds it anew. `Live<Option<T>>` is changed in place.
    const TABLE: Option<TableKind> = T::TABLE;

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        if raw.is_null() { Ok(None) } else { T::from_raw(raw).map(Some) }
    }

    fn to_raw(&self) -> Raw {
        self.as_ref().map_or(Raw::Null, T::to_raw)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn check(raw: &Raw) -> Result<(), String> {
        if raw.is_null() { Ok(()) } else { T::check(raw) }
    }

    fn measures(&self) -> Vec<Measure> {
        self.as_ref().map(T::measures).unwrap_or_default()
    }

    fn follow(&mut self, name: &'static str, feed: &Feed) {
        if let Some(value) = self {
            value.follow(name, feed);
        }
    }
}

/// The parts of a list: of a TOML array, or of a text with commas.
fn parts<T: Setting>(raw: &Raw) -> Result<Vec<Raw>, String> {
    match raw {
        Raw::Array(values) => Ok(values.clone()),
        Raw::String(text) if text.trim().is_empty() => Ok(Vec::new()),
        Raw::String(text) => Ok(text.split(',').map(|part| Raw::from(part.trim())).collect()),
        _ if T::SECRET => Err("expected a list of secrets".to_owned()),
        _ => Err(format!("expected a list, each {}, found {raw}", T::TYPE)),
    }
}

impl<T: Setting> Setting for Vec<T> {
    const TYPE: &'static str = "list";
    const SECRET: bool = T::SECRET;
    const RANGED: bool = T::RANGED;

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        parts::<T>(raw)?.iter().map(T::from_raw).collect()
    }

    fn to_raw(&self) -> Raw {
        Raw::Array(self.iter().map(T::to_raw).collect())
    }

    fn check(raw: &Raw) -> Result<(), String> {
        parts::<T>(raw)?.iter().try_for_each(T::check)
    }

    fn measures(&self) -> Vec<Measure> {
        self.iter().flat_map(T::measures).collect()
    }
}

/// The entries of a map: of a TOML table, or of a text `a=1, b=2`.
fn entries<T: Setting>(raw: &Raw) -> Result<Vec<(String, Raw)>, String> {
    match raw {
        Raw::Object(table) => Ok(table.iter().map(|(key, value)| (key.clone(), value.clone())).collect()),
        Raw::String(text) if text.trim().is_empty() => Ok(Vec::new()),
        Raw::String(text) => {
            let entry = |part: &str| {
                let (key, value) = part.split_once('=')?;
                Some((key.trim().to_owned(), Raw::from(value.trim())))
            };
            text.split(',')
                .map(entry)
                .collect::<Option<_>>()
                .ok_or_else(|| "expected `key=value, key=value`".to_owned())
        }
        _ if T::SECRET => Err("expected a table of secrets".to_owned()),
        _ => Err(expected::<BTreeMap<String, T>>(raw)),
    }
}

impl<T: Setting> Setting for BTreeMap<String, T> {
    const TYPE: &'static str = "table (a=1, b=2)";
    const SECRET: bool = T::SECRET;

    fn from_raw(raw: &Raw) -> Result<Self, String> {
        let mut map = Self::new();
        for (key, value) in entries::<T>(raw)? {
            let value = T::from_raw(&value).map_err(|problem| format!("`{key}`: {problem}"))?;
            if map.insert(key.clone(), value).is_some() {
                return Err(format!("`{key}` stands twice"));
            }
        }
        Ok(map)
    }

    fn to_raw(&self) -> Raw {
        Raw::Object(self.iter().map(|(key, value)| (key.clone(), value.to_raw())).collect())
    }

    fn check(raw: &Raw) -> Result<(), String> {
        for (key, value) in entries::<T>(raw)? {
            T::check(&value).map_err(|problem| format!("`{key}`: {problem}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_follows_its_value_from_none_to_some_is_changed_in_place() {
        use crate::settings::Live;

        assert_eq!((<Option<Live<u32>>>::LIVE, <Live<Option<u32>>>::LIVE), (false, true));
    }

    #[test]
    fn a_list_and_a_map_are_read_from_toml_and_from_text() {
        let list = vec![1_u32, 2];
        assert_eq!(Vec::<u32>::from_raw(&serde_json::json!([1, 2])), Ok(list.clone()));
        assert_eq!(Vec::<u32>::from_raw(&Raw::from("1, 2")), Ok(list));
        let map = BTreeMap::from([("a".to_owned(), 1_u32), ("b".to_owned(), 2)]);
        assert_eq!(BTreeMap::<String, u32>::from_raw(&serde_json::json!({"a": 1, "b": 2})), Ok(map.clone()));
        assert_eq!(BTreeMap::<String, u32>::from_raw(&Raw::from("a=1, b = 2")), Ok(map));
        let problem = |raw: Raw| BTreeMap::<String, u32>::from_raw(&raw).unwrap_err();
        assert_eq!(problem(Raw::from("a=1,a=2")), "`a` stands twice");
        assert_eq!(problem(Raw::from("a")), "expected `key=value, key=value`");
        assert_eq!(problem(Raw::from("a=x")), "`a`: expected integer (u32), found \"x\"");
        assert_eq!(Vec::<u32>::from_raw(&Raw::from(5)), Err("expected a list, each integer (u32), found 5".to_owned()));
    }
}
