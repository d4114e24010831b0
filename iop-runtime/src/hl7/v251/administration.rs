//! Patients, visits and who has to do with them (chapter 3).
//!
//! Names, types, what is required and what repeats, as HL7 v2.5.1 has them.

use crate::hl7::dictionary::rows;

rows! { ADMINISTRATION
    AL1 {
        set_id_al1: SI required, allergen_type_code: CE, allergen_code_mnemonic_description: CE required,
        allergy_severity_code: CE, allergy_reaction_code: ST repeats, identification_date: DT,
    }
    DB1 {
        set_id_db1: SI required, disabled_person_code: IS, disabled_person_identifier: CX repeats,
        disabled_indicator: ID, disability_start_date: DT, disability_end_date: DT,
        disability_return_to_work_date: DT, disability_unable_to_work_date: DT,
    }
    EVN {
        event_type_code: ID, recorded_date_time: TS required, date_time_planned_event: TS, event_reason_code: IS,
        operator_id: XCN repeats, event_occurred: TS, event_facility: HD,
    }
    IAM {
        set_id_iam: SI required, allergen_type_code: CE, allergen_code_mnemonic_description: CE required,
        allergy_severity_code: CE, allergy_reaction_code: ST repeats, allergy_action_code: CNE required,
        allergy_unique_identifier: EI, action_reason: ST, sensitivity_to_causative_agent_code: CE,
        allergen_group_code_mnemonic_description: CE, onset_date: DT, onset_date_text: ST, reported_date_time: TS,
        reported_by: XPN, relationship_to_patient_code: CE, alert_device_code: CE, allergy_clinical_status_code: CE,
        statused_by_person: XCN, statused_by_organization: XON, statused_at_date_time: TS,
    }
    MRG {
        prior_patient_identifier_list: CX required repeats, prior_alternate_patient_id: CX repeats,
        prior_patient_account_number: CX, prior_patient_id: CX, prior_visit_number: CX, prior_alternate_visit_id: CX,
        prior_patient_name: XPN repeats,
    }
    NK1 {
        set_id_nk1: SI required, name: XPN repeats, relationship: CE, address: XAD repeats,
        phone_number: XTN repeats, business_phone_number: XTN repeats, contact_role: CE, start_date: DT,
        end_date: DT, next_of_kin_associated_parties_job_title: ST,
        next_of_kin_associated_parties_job_code_class: JCC, next_of_kin_associated_parties_employee_number: CX,
        organization_name_nk1: XON repeats, marital_status: CE, administrative_sex: IS, date_time_of_birth: TS,
        living_dependency: IS repeats, ambulatory_status: IS repeats, citizenship: CE repeats, primary_language: CE,
        living_arrangement: IS, publicity_code: CE, protection_indicator: ID, student_indicator: IS, religion: CE,
        mother_s_maiden_name: XPN repeats, nationality: CE, ethnic_group: CE repeats, contact_reason: CE repeats,
        contact_person_s_name: XPN repeats, contact_person_s_telephone_number: XTN repeats,
        contact_person_s_address: XAD repeats, next_of_kin_associated_party_s_identifiers: CX repeats,
        job_status: IS, race: CE repeats, handicap: IS, contact_person_social_security_number: ST,
        next_of_kin_birth_place: ST, vip_indicator: IS,
    }
    NPU {
        bed_location: PL required, bed_status: IS,
    }
    PD1 {
        living_dependency: IS repeats, living_arrangement: IS, patient_primary_facility: XON repeats,
        patient_primary_care_provider_name_id_no: XCN repeats, student_indicator: IS, handicap: IS,
        living_will_code: IS, organ_donor_code: IS, separate_bill: ID, duplicate_patient: CX repeats,
        publicity_code: CE, protection_indicator: ID, protection_indicator_effective_date: DT,
        place_of_worship: XON repeats, advance_directive_code: CE repeats, immunization_registry_status: IS,
        immunization_registry_status_effective_date: DT, publicity_code_effective_date: DT, military_branch: IS,
        military_rank_grade: IS, military_status: IS,
    }
    PDA {
        death_cause_code: CE repeats, death_location: PL, death_certified_indicator: ID,
        death_certificate_signed_date_time: TS, death_certified_by: XCN, autopsy_indicator: ID,
        autopsy_start_and_end_date_time: DR, autopsy_performed_by: XCN, coroner_indicator: ID,
    }
    PID {
        set_id_pid: SI, patient_id: CX, patient_identifier_list: CX required repeats,
        alternate_patient_id_pid: CX repeats, patient_name: XPN required repeats, mother_s_maiden_name: XPN repeats,
        date_time_of_birth: TS, administrative_sex: IS, patient_alias: XPN repeats, race: CE repeats,
        patient_address: XAD repeats, county_code: IS, phone_number_home: XTN repeats,
        phone_number_business: XTN repeats, primary_language: CE, marital_status: CE, religion: CE,
        patient_account_number: CX, ssn_number_patient: ST, driver_s_license_number_patient: DLN,
        mother_s_identifier: CX repeats, ethnic_group: CE repeats, birth_place: ST, multiple_birth_indicator: ID,
        birth_order: NM, citizenship: CE repeats, veterans_military_status: CE, nationality: CE,
        patient_death_date_and_time: TS, patient_death_indicator: ID, identity_unknown_indicator: ID,
        identity_reliability_code: IS repeats, last_update_date_time: TS, last_update_facility: HD, species_code: CE,
        breed_code: CE, strain: ST, production_class_code: CE, tribal_citizenship: CWE repeats,
    }
    PV1 {
        set_id_pv1: SI, patient_class: IS required, assigned_patient_location: PL, admission_type: IS,
        preadmit_number: CX, prior_patient_location: PL, attending_doctor: XCN repeats,
        referring_doctor: XCN repeats, consulting_doctor: XCN repeats, hospital_service: IS, temporary_location: PL,
        preadmit_test_indicator: IS, re_admission_indicator: IS, admit_source: IS, ambulatory_status: IS repeats,
        vip_indicator: IS, admitting_doctor: XCN repeats, patient_type: IS, visit_number: CX,
        financial_class: FC repeats, charge_price_indicator: IS, courtesy_code: IS, credit_rating: IS,
        contract_code: IS repeats, contract_effective_date: DT repeats, contract_amount: NM repeats,
        contract_period: NM repeats, interest_code: IS, transfer_to_bad_debt_code: IS, transfer_to_bad_debt_date: DT,
        bad_debt_agency_code: IS, bad_debt_transfer_amount: NM, bad_debt_recovery_amount: NM,
        delete_account_indicator: IS, delete_account_date: DT, discharge_disposition: IS,
        discharged_to_location: DLD, diet_type: CE, servicing_facility: IS, bed_status: IS, account_status: IS,
        pending_location: PL, prior_temporary_location: PL, admit_date_time: TS, discharge_date_time: TS repeats,
        current_patient_balance: NM, total_charges: NM, total_adjustments: NM, total_payments: NM,
        alternate_visit_id: CX, visit_indicator: IS, other_healthcare_provider: XCN repeats,
    }
    PV2 {
        prior_pending_location: PL, accommodation_code: CE, admit_reason: CE, transfer_reason: CE,
        patient_valuables: ST repeats, patient_valuables_location: ST, visit_user_code: IS repeats,
        expected_admit_date_time: TS, expected_discharge_date_time: TS, estimated_length_of_inpatient_stay: NM,
        actual_length_of_inpatient_stay: NM, visit_description: ST, referral_source_code: XCN repeats,
        previous_service_date: DT, employment_illness_related_indicator: ID, purge_status_code: IS,
        purge_status_date: DT, special_program_code: IS, retention_indicator: ID,
        expected_number_of_insurance_plans: NM, visit_publicity_code: IS, visit_protection_indicator: ID,
        clinic_organization_name: XON repeats, patient_status_code: IS, visit_priority_code: IS,
        previous_treatment_date: DT, expected_discharge_disposition: IS, signature_on_file_date: DT,
        first_similar_illness_date: DT, patient_charge_adjustment_code: CE, recurring_service_code: IS,
        billing_media_code: ID, expected_surgery_date_and_time: TS, military_partnership_code: ID,
        military_non_availability_code: ID, newborn_baby_indicator: ID, baby_detained_indicator: ID,
        mode_of_arrival_code: CE, recreational_drug_use_code: CE repeats, admission_level_of_care_code: CE,
        precaution_code: CE repeats, patient_condition_code: CE, living_will_code: IS, organ_donor_code: IS,
        advance_directive_code: CE repeats, patient_status_effective_date: DT, expected_loa_return_date_time: TS,
        expected_pre_admission_testing_date_time: TS, notify_clergy_code: IS repeats,
    }
    ROL {
        role_instance_id: EI, action_code: ID required, role_rol: CE required, role_person: XCN required repeats,
        role_begin_date_time: TS, role_end_date_time: TS, role_duration: CE, role_action_reason: CE,
        provider_type: CE repeats, organization_unit_type: CE, office_home_address_birthplace: XAD repeats,
        phone: XTN repeats,
    }
}
