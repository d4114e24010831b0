//! What must not compile does not, with these words; what must, does. See `ui/README.md`.

#[test]
fn mistakes_are_refused_where_they_stand_and_correct_programs_compile_without_a_warning() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/*/fail/*.rs");
    cases.compile_fail("ui/*/fail-types/*.rs");
    cases.pass("ui/*/pass/*.rs");
}
