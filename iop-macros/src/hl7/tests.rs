//! The grammar of `hl7!`.

use quote::quote;

use super::compile;
use super::parse::path;
use crate::errors::Errors;
use crate::errors::tests::errors_in;

#[track_caller]
fn read(text: &str) -> String {
    let path = path(text.parse().expect("tokens"), &mut Errors::default()).expect("a path");
    let number = |number: super::ast::Number| number.value.to_string();
    let steps = path.steps.into_iter().map(|step| match step {
        super::ast::Step::Numbered(one) => number(one),
        super::ast::Step::Repetition(one) => format!("[{}]", one.value),
        super::ast::Step::Named(name) => name.to_string(),
    });
    let occurrence = path.occurrence.map(number);
    let dictionary = path.dictionary.map(|dictionary| quote!(#dictionary).to_string());
    format!("{} {occurrence:?} {} {dictionary:?}", path.segment, steps.collect::<Vec<_>>().join(" "))
}

#[test]
fn what_rust_reads_as_fractions_are_levels() {
    assert_eq!(read("PID-5"), "PID None 5 None");
    assert_eq!(read("PID:5"), read("PID - 5"));
    assert_eq!(read("PID-5.10"), "PID None 5 10 None");
    assert_eq!(read("PID-5.1.2"), "PID None 5 1 2 None");
    assert_eq!(read("PID-3[2].4.1"), "PID None 3 [2] 4 1 None");
    assert_eq!(read("OBX[12]-5[1]"), "OBX Some(\"12\") 5 [1] None");
}

#[test]
fn names_stand_where_numbers_stand() {
    assert_eq!(read("PID.patient_name[2].family_name"), "PID None patient_name [2] family_name None");
    assert_eq!(read("PV1-7.type"), "PV1 None 7 type None");
    assert_eq!(read("ZPI-3 in site::SITE"), "ZPI None 3 Some(\"site :: SITE\")");
    assert_eq!(read("OBX"), "OBX None  None");
}

#[test]
fn what_is_no_path_says_how_one_is_written() {
    for wrong in [
        "",
        "PID-",
        "PID-x",
        "PID-3[",
        "PID-3u8",
        "PID-99999",
        "PID-5,",
        "PID[2]",
        "PID-3[n]",
        "3",
        "PID-5e1",
        "PID-0x1",
    ] {
        let Ok(tokens) = wrong.parse() else { continue };
        let errors = errors_in(compile(tokens));
        assert_eq!(errors.len(), 1, "{wrong}: {errors:?}");
        assert!(errors[0].contains("path"), "{wrong}: {errors:?}");
    }
}
