//! The dictionary, and paths in it.

use crate::hl7::{Dictionary, Path, V251, hl7, hl7_dictionary};

hl7_dictionary! {
    SITE extends V251 {
        ZPI { vip_code: IS required, pet_name: XPN repeats, home: ZAD }
        PID from 42 { national_number: CX }
        type ZAD { street: ST, door: NM }
    }
}

fn segment(name: &str) -> Vec<(&'static str, &'static str, bool, bool)> {
    let row = V251.segments().find(|row| row.name == name).expect("the standard has it");
    row.fields.iter().map(|field| (field.name, field.of, field.required, field.repeats)).collect()
}

#[track_caller]
fn wrong(path: &str, dictionary: &'static Dictionary) -> String {
    let error = Path::parse(path, dictionary).expect_err("it leads to nothing").to_string();
    error.split_once(": ").map_or(error.clone(), |(_, why)| why.to_owned())
}

/// Counted by hand in the chapters of the standard.
#[test]
fn segments_have_as_many_fields_as_the_standard_gives_them() {
    let counts = [
        ("MSH", 21),
        ("SFT", 6),
        ("MSA", 6),
        ("ERR", 12),
        ("EVN", 7),
        ("PID", 39),
        ("PD1", 21),
        ("NK1", 39),
        ("PV1", 52),
        ("PV2", 49),
        ("AL1", 6),
        ("DG1", 21),
        ("PR1", 20),
        ("GT1", 57),
        ("IN1", 53),
        ("ROL", 12),
        ("MRG", 7),
        ("ORC", 31),
        ("OBR", 50),
        ("OBX", 25),
        ("NTE", 4),
        ("TQ1", 14),
        ("TQ2", 10),
        ("SPM", 29),
        ("SCH", 27),
        ("RGS", 3),
        ("AIS", 12),
        ("AIG", 14),
        ("AIL", 12),
        ("AIP", 12),
        ("TXA", 23),
        ("FT1", 31),
        ("RXA", 26),
        ("RXR", 6),
        ("RXE", 44),
        ("RXO", 28),
        ("QPD", 3),
        ("QAK", 6),
        ("DSC", 2),
        ("UB1", 23),
        ("UB2", 17),
    ];
    for (name, count) in counts {
        assert_eq!(segment(name).len(), count, "{name}");
    }
    assert_eq!(V251.segments().count(), 150);
    assert_eq!(V251.types().count(), 79);
}

#[test]
fn fields_say_their_type_and_whether_they_are_required_and_repeat() {
    let pid = segment("PID");
    assert_eq!(pid[2], ("patient_identifier_list", "CX", true, true));
    assert_eq!(pid[4], ("patient_name", "XPN", true, true));
    assert_eq!(pid[6], ("date_time_of_birth", "TS", false, false));
    assert_eq!(segment("OBX")[4], ("observation_value", "varies", false, true));
    assert_eq!(segment("MSH")[8], ("message_type", "MSG", true, false));
}

/// What is written in the dictionary leads somewhere: every type of it is one, and every name is there once.
#[test]
fn the_standard_is_declared_as_soundly_as_a_site_must_be() {
    assert!(
        V251.declared().is_ok_and(|()| true),
        "{}",
        V251.declared().err().map_or(String::new(), |text| text.as_str().to_owned())
    );
    let mut names: Vec<_> = V251.segments().chain(V251.types()).map(|row| row.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count, "no segment or type is there twice");
}

#[test]
fn a_path_is_the_same_by_numbers_by_names_and_as_data() {
    assert_eq!(hl7!(PID.patient_name.family_name.surname), hl7!(PID:5.1.1));
    assert_eq!(hl7!(PID:3.assigning_authority), hl7!(PID:3.4));
    assert_eq!(hl7!(ZPI.home.door in SITE), hl7!(ZPI:3.2 in SITE));
    for text in ["PID-5", "PID-3[2].4.1", "OBX[12]-5[3]", "MSH-9.2", "OBX-5.7.3"] {
        assert_eq!(Path::parse(text, &V251).map(|path| path.to_string()), Ok(text.to_owned()));
    }
    assert_eq!(Path::parse("PID:5.given_name", &V251), Ok(hl7!(PID:5.2)));
    assert_eq!(hl7!(OBX:5).occurrence(3).repetition(2).to_string(), "OBX[3]-5[2]");
}

#[test]
fn a_site_has_what_it_declares_and_what_the_standard_has() {
    assert_eq!(hl7!(PID:42.1 in SITE).to_string(), "PID-42.1");
    assert_eq!(hl7!(PID:5.1 in SITE), hl7!(PID:5.1));
    assert_eq!(wrong("PID-40", &SITE), "PID has no field 40; it has 42, and 1 to 39");
    assert_eq!(wrong("PID-42", &V251), "PID has no field 42; it has 1 to 39");
    assert_eq!(wrong("ZPI-3.3", &SITE), "ZPI-3 is of the type ZAD, which has no component 3; it has 1 to 2");
}

#[test]
fn what_is_not_there_is_refused_with_what_is() {
    let cases = [
        ("PIX-3", "there is no segment `PIX` in HL7 v2.5.1; did you mean `PID`?"),
        ("PID-0", "PID has no field 0; it has 1 to 39"),
        ("PID.pateint_name", "PID has no field `pateint_name`; did you mean `patient_name`?"),
        (
            "PID-5.famly_name",
            "PID-5 is of the type XPN, which has no component `famly_name`; did you mean `family_name`?",
        ),
        ("PID-5.15", "PID-5 is of the type XPN, which has no component 15; it has 1 to 14"),
        ("PID-5.2.1", "PID-5.2 is of the type ST, which has no components; write `PID-5.2`"),
        ("PID-5.1.6", "PID-5.1 is of the type FN, which has no component 6; it has 1 to 5"),
        ("PID-5.1.1.1", "PID-5.1.1 is a subcomponent, and has nothing in it"),
        (
            "PID-7[2]",
            "PID-7 does not repeat in HL7 v2.5.1; write `PID-7`, or declare it `repeats` in a dictionary of yours",
        ),
        ("PID-3[0]", "repetitions are counted from 1"),
        ("PID-3.1[2]", "PID-3.1 is a part of a field, and only fields repeat; write the number behind the field"),
        ("PID[0]-3", "segments are counted from 1"),
        ("OBX-5.0", "OBX-5 is of the type varies, which has no components; write `OBX-5`"),
        ("PID-", "PID has no field ``; the names are those of the standard in lower case, or write its number"),
        ("PID", "a path is written like `PID-3[2].4` or `PID.patient_name.family_name`"),
        ("PID-3[", "a path is written like `PID-3[2].4` or `PID.patient_name.family_name`"),
        ("", "a path is written like `PID-3[2].4` or `PID.patient_name.family_name`"),
    ];
    for (path, why) in cases {
        assert_eq!(wrong(path, &V251), why, "{path}");
    }
    assert!(
        wrong("ZZZ-1", &V251).contains("hl7_dictionary! { pub SITE extends V251 { `ZZZ`")
            || wrong("ZZZ-1", &V251).contains("{ ZZZ { field: ST } }")
    );
}

/// Every place that the dictionary names can be written as a path by its numbers and by its names.
#[test]
fn every_place_of_the_dictionary_is_found_by_number_and_by_name() {
    for row in V251.segments() {
        for (number, field) in (1..).zip(row.fields) {
            let by_number = Path::parse(&format!("{}-{number}", row.name), &V251).expect("it has the field");
            assert_eq!(Path::parse(&format!("{}.{}", row.name, field.name), &V251).as_ref(), Ok(&by_number));
            let components = V251.types().find(|one| one.name == field.of).map_or(0, |one| one.fields.len());
            for component in 1..=components {
                let path = format!("{by_number}.{component}");
                assert_eq!(Path::parse(&path, &V251).map(|path| path.to_string()), Ok(path));
            }
        }
    }
}
