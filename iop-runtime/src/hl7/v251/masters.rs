//! Master files, and the people of personnel management (chapters 8 and 15).
//!
//! Names, types, what is required and what repeats, as HL7 v2.5.1 has them.

use crate::hl7::dictionary::rows;

rows! { MASTERS
    AFF {
        set_id_aff: SI required, professional_organization: XON required, professional_organization_address: XAD,
        professional_organization_affiliation_date_range: DR repeats,
        professional_affiliation_additional_information: ST,
    }
    CDM {
        primary_key_value_cdm: CE required, charge_code_alias: CE repeats, charge_description_short: ST required,
        charge_description_long: ST, description_override_indicator: IS, exploding_charges: CE repeats,
        procedure_code: CE repeats, active_inactive_flag: ID, inventory_number: CE repeats, resource_load: NM,
        contract_number: CX repeats, contract_organization: XON repeats, room_fee_indicator: ID,
    }
    CER {
        set_id_cer: SI required, serial_number: ST, version: ST, granting_authority: XON, issuing_authority: XCN,
        signature_of_issuing_authority: ED, granting_country: ID, granting_state_province: CWE,
        granting_county_parish: CWE, certificate_type: CWE, certificate_domain: CWE, subject_id: ID,
        subject_name: ST required, subject_directory_attribute_extension_health_professional_data: CWE repeats,
        subject_public_key_info: CWE, authority_key_identifier: CWE, basic_constraint: ID,
        crl_distribution_point: CWE repeats, jurisdiction_country: ID, jurisdiction_state_province: CWE,
        jurisdiction_county_parish: CWE, jurisdiction_breadth: CWE repeats, granting_date: TS, issuing_date: TS,
        activation_date: TS, inactivation_date: TS, expiration_date: TS, renewal_date: TS, revocation_date: TS,
        revocation_reason_code: CE, certificate_status: CWE,
    }
    EDU {
        set_id_edu: SI required, academic_degree: IS, academic_degree_program_date_range: DR,
        academic_degree_program_participation_date_range: DR, academic_degree_granted_date: DT, school: XON,
        school_type_code: CE, school_address: XAD, major_field_of_study: CWE repeats,
    }
    LAN {
        set_id_lan: SI required, language_code: CE required, language_ability_code: CE repeats,
        language_proficiency_code: CE,
    }
    LCC {
        primary_key_value_lcc: PL required, location_department: CE required, accommodation_type: CE repeats,
        charge_code: CE required repeats,
    }
    LCH {
        primary_key_value_lch: PL required, segment_action_code: ID, segment_unique_key: EI,
        location_characteristic_id: CE required, location_characteristic_value_lch: CE required,
    }
    LDP {
        primary_key_value_ldp: PL required, location_department: CE required, location_service: IS repeats,
        specialty_type: CE repeats, valid_patient_classes: IS repeats, active_inactive_flag: ID,
        activation_date_ldp: TS, inactivation_date_ldp: TS, inactivated_reason: ST, visiting_hours: VH repeats,
        contact_phone: XTN, location_cost_center: CE,
    }
    LOC {
        primary_key_value_loc: PL required, location_description: ST, location_type_loc: IS required repeats,
        organization_name_loc: XON repeats, location_address: XAD repeats, location_phone: XTN repeats,
        license_number: CE repeats, location_equipment: IS repeats, location_service_code: IS,
    }
    LRL {
        primary_key_value_lrl: PL required, segment_action_code: ID, segment_unique_key: EI,
        location_relationship_id: CE required, organizational_location_relationship_value: XON repeats,
        patient_location_relationship_value: PL,
    }
    MFA {
        record_level_event_code: ID required, mfn_control_id: ST, event_completion_date_time: TS,
        mfn_record_level_error_return: CE required, primary_key_value_mfa: varies required repeats,
        primary_key_value_type_mfa: ID required repeats,
    }
    MFE {
        record_level_event_code: ID required, mfn_control_id: ST, effective_date_time: TS,
        primary_key_value_mfe: varies required repeats, primary_key_value_type: ID required repeats,
    }
    MFI {
        master_file_identifier: CE required, master_file_application_identifier: HD,
        file_level_event_code: ID required, entered_date_time: TS, effective_date_time: TS,
        response_level_code: ID required,
    }
    OM1 {
        sequence_number_test_observation_master_file: NM required,
        producer_s_service_test_observation_id: CE required, permitted_data_types: ID repeats,
        specimen_required: ID required, producer_id: CE required, observation_description: TX,
        other_service_test_observation_ids_for_the_observation: CE, other_names: ST required repeats,
        preferred_report_name_for_the_observation: ST, preferred_short_name_or_mnemonic_for_observation: ST,
        preferred_long_name_for_the_observation: ST, orderability: ID,
        identity_of_instrument_used_to_perform_this_study: CE repeats, coded_representation_of_method: CE repeats,
        portable_device_indicator: ID, observation_producing_department_section: CE repeats,
        telephone_number_of_section: XTN, nature_of_service_test_observation: IS required, report_subheader: CE,
        report_display_order: ST, date_time_stamp_for_any_change_in_definition_for_the_observation: TS,
        effective_date_time_of_change: TS, typical_turn_around_time: NM, processing_time: NM,
        processing_priority: ID repeats, reporting_priority: ID,
        outside_site_s_where_observation_may_be_performed: CE repeats, address_of_outside_site_s: XAD repeats,
        phone_number_of_outside_site: XTN, confidentiality_code: CWE,
        observations_required_to_interpret_the_observation: CE, interpretation_of_observations: TX,
        contraindications_to_observations: CE, reflex_tests_observations: CE repeats,
        rules_that_trigger_reflex_testing: TX, fixed_canned_message: CE, patient_preparation: TX,
        procedure_medication: CE, factors_that_may_affect_the_observation: TX,
        service_test_observation_performance_schedule: ST repeats, description_of_test_methods: TX,
        kind_of_quantity_observed: CE, point_versus_interval: CE, challenge_information: TX,
        relationship_modifier: CE, target_anatomic_site_of_test: CE, modality_of_imaging_measurement: CE,
    }
    OM2 {
        sequence_number_test_observation_master_file: NM, units_of_measure: CE,
        range_of_decimal_precision: NM repeats, corresponding_si_units_of_measure: CE, si_conversion_factor: TX,
        reference_normal_range_ordinal_and_continuous_observations: RFR repeats,
        critical_range_for_ordinal_and_continuous_observations: RFR repeats,
        absolute_range_for_ordinal_and_continuous_observations: RFR, delta_check_criteria: DLT repeats,
        minimum_meaningful_increments: NM,
    }
    OM3 {
        sequence_number_test_observation_master_file: NM, preferred_coding_system: CE, valid_coded_answers: CE,
        normal_text_codes_for_categorical_observations: CE repeats,
        abnormal_text_codes_for_categorical_observations: CE repeats,
        critical_text_codes_for_categorical_observations: CE repeats, value_type: ID,
    }
    OM4 {
        sequence_number_test_observation_master_file: NM, derived_specimen: ID, container_description: TX,
        container_volume: NM, container_units: CE, specimen: CE, additive: CWE, preparation: TX,
        special_handling_requirements: TX, normal_collection_volume: CQ, minimum_collection_volume: CQ,
        specimen_requirements: TX, specimen_priorities: ID repeats, specimen_retention_time: CQ,
    }
    OM5 {
        sequence_number_test_observation_master_file: NM,
        test_observations_included_within_an_ordered_test_battery: CE repeats, observation_id_suffixes: ST,
    }
    OM6 {
        sequence_number_test_observation_master_file: NM, derivation_rule: TX,
    }
    OM7 {
        sequence_number_test_observation_master_file: NM required, universal_service_identifier: CE required,
        category_identifier: CE repeats, category_description: TX, category_synonym: ST repeats,
        effective_test_service_start_date_time: TS, effective_test_service_end_date_time: TS,
        test_service_default_duration_quantity: NM, test_service_default_duration_units: CE,
        test_service_default_frequency: IS, consent_indicator: ID, consent_identifier: CE,
        consent_effective_start_date_time: TS, consent_effective_end_date_time: TS, consent_interval_quantity: NM,
        consent_interval_units: CE, consent_waiting_period_quantity: NM, consent_waiting_period_units: CE,
        effective_date_time_of_change: TS, entered_by: XCN, orderable_at_location: PL repeats, formulary_status: IS,
        special_order_indicator: ID, primary_key_value_cdm: CE repeats,
    }
    ORG {
        set_id_org: SI required, organization_unit_code: CE, organization_unit_type_code: CE,
        primary_org_unit_indicator: ID, practitioner_org_unit_identifier: CX, health_care_provider_type_code: CE,
        health_care_provider_classification_code: CE, health_care_provider_area_of_specialization_code: CE,
        effective_date_range: DR, employment_status_code: CE, board_approval_indicator: ID,
        primary_care_physician_indicator: ID,
    }
    PRA {
        primary_key_value_pra: CE, practitioner_group: CE repeats, practitioner_category: IS repeats,
        provider_billing: ID, specialty: SPD repeats, practitioner_id_numbers: PLN repeats, privileges: PIP repeats,
        date_entered_practice: DT, institution: CE, date_left_practice: DT,
        government_reimbursement_billing_eligibility: CE repeats, set_id_pra: SI,
    }
    PRC {
        primary_key_value_prc: CE required, facility_id_prc: CE repeats, department: CE repeats,
        valid_patient_classes: IS repeats, price: CP repeats, formula: ST repeats, minimum_quantity: NM,
        maximum_quantity: NM, minimum_price: MO, maximum_price: MO, effective_start_date: TS, effective_end_date: TS,
        price_override_flag: IS, billing_category: CE repeats, chargeable_flag: ID, active_inactive_flag: ID,
        cost: MO, charge_on_indicator: IS,
    }
    STF {
        primary_key_value_stf: CE, staff_identifier_list: CX repeats, staff_name: XPN repeats,
        staff_type: IS repeats, administrative_sex: IS, date_time_of_birth: TS, active_inactive_flag: ID,
        department: CE repeats, hospital_service_stf: CE repeats, phone: XTN repeats,
        office_home_address_birthplace: XAD repeats, institution_activation_date: DIN repeats,
        institution_inactivation_date: DIN repeats, backup_person_id: CE repeats, e_mail_address: ST repeats,
        preferred_method_of_contact: CE, marital_status: CE, job_title: ST, job_code_class: JCC,
        employment_status_code: CE, additional_insured_on_auto: ID, driver_s_license_number_staff: DLN,
        copy_auto_ins: ID, auto_ins_expires: DT, date_last_dmv_review: DT, date_next_dmv_review: DT, race: CE,
        ethnic_group: CE, re_activation_approval_indicator: ID, citizenship: CE repeats, death_date_and_time: TS,
        death_indicator: ID, institution_relationship_type_code: CWE, institution_relationship_period: DR,
        expected_return_date: DT, cost_center_code: CWE repeats, generic_classification_indicator: ID,
        inactive_reason_code: CWE,
    }
    IIM {
        primary_key_value_iim: CWE required, service_item_code: CWE required, inventory_lot_number: ST,
        inventory_expiration_date: TS, inventory_manufacturer_name: CWE, inventory_location: CWE,
        inventory_received_date: TS, inventory_received_quantity: NM, inventory_received_quantity_unit: CWE,
        inventory_received_item_cost: MO, inventory_on_hand_date: TS, inventory_on_hand_quantity: NM,
        inventory_on_hand_quantity_unit: CWE, procedure_code: CE, procedure_code_modifier: CE repeats,
    }
}
