//! The data types of HL7 v2.5.1 that have components. A type that is not here is a single text.

use crate::hl7::dictionary::rows;

rows! { TYPES
    AD {
        street_address: ST, other_designation: ST, city: ST, state_or_province: ST, zip_or_postal_code: ST,
        country: ID, address_type: ID, other_geographic_designation: ST,
    }
    AUI {
        authorization_number: ST, date: DT, source: ST,
    }
    CCD {
        invocation_event: ID, date_time: TS,
    }
    CCP {
        channel_calibration_sensitivity_correction_factor: NM, channel_calibration_baseline: NM,
        channel_calibration_time_skew: NM,
    }
    CD {
        channel_identifier: WVI, waveform_source: WVS, channel_sensitivity_units: CSU,
        channel_calibration_parameters: CCP, channel_sampling_frequency: NM, minimum_maximum_data_values: NR,
    }
    CE {
        identifier: ST, text: ST, name_of_coding_system: ID, alternate_identifier: ST, alternate_text: ST,
        name_of_alternate_coding_system: ID,
    }
    CF {
        identifier: ST, formatted_text: FT, name_of_coding_system: ID, alternate_identifier: ST,
        alternate_formatted_text: FT, name_of_alternate_coding_system: ID,
    }
    CNE {
        identifier: ST, text: ST, name_of_coding_system: ID, alternate_identifier: ST, alternate_text: ST,
        name_of_alternate_coding_system: ID, coding_system_version_id: ST, alternate_coding_system_version_id: ST,
        original_text: ST,
    }
    CNN {
        id_number: ST, family_name: ST, given_name: ST, second_and_further_given_names_or_initials_thereof: ST,
        suffix_e_g_jr_or_iii: ST, prefix_e_g_dr: ST, degree_e_g_md: IS, source_table: IS,
        assigning_authority_namespace_id: IS, assigning_authority_universal_id: ST,
        assigning_authority_universal_id_type: ID,
    }
    CP {
        price: MO, price_type: ID, from_value: NM, to_value: NM, range_units: CE, range_type: ID,
    }
    CQ {
        quantity: NM, units: CE,
    }
    CQ_SIMPLE {
        quantity: NM, units: ST,
    }
    CSU {
        channel_sensitivity: NM, unit_of_measure_identifier: ST, unit_of_measure_description: ST,
        unit_of_measure_coding_system: ID, alternate_unit_of_measure_identifier: ST,
        alternate_unit_of_measure_description: ST, alternate_unit_of_measure_coding_system: ID,
    }
    CWE {
        identifier: ST, text: ST, name_of_coding_system: ID, alternate_identifier: ST, alternate_text: ST,
        name_of_alternate_coding_system: ID, coding_system_version_id: ST, alternate_coding_system_version_id: ST,
        original_text: ST,
    }
    CX {
        id_number: ST, check_digit: ST, check_digit_scheme: ID, assigning_authority: HD, identifier_type_code: ID,
        assigning_facility: HD, effective_date: DT, expiration_date: DT, assigning_jurisdiction: CWE,
        assigning_agency_or_department: CWE,
    }
    DDI {
        delay_days: NM, monetary_amount: MO, number_of_days: NM,
    }
    DIN {
        date: TS, institution_name: CE,
    }
    DLD {
        discharge_location: IS, effective_date: TS,
    }
    DLN {
        license_number: ST, issuing_state_province_country: IS, expiration_date: DT,
    }
    DLT {
        normal_range: NR, numeric_threshold: NM, change_computation: ID, days_retained: NM,
    }
    DR {
        range_start_date_time: TS, range_end_date_time: TS,
    }
    DTN {
        day_type: IS, number_of_days: NM,
    }
    ED {
        source_application: HD, type_of_data: ID, data_subtype: ID, encoding: ID, data: TX,
    }
    EI {
        entity_identifier: ST, namespace_id: IS, universal_id: ST, universal_id_type: ID,
    }
    EIP {
        placer_assigned_identifier: EI, filler_assigned_identifier: EI,
    }
    ELD {
        segment_id: ST, segment_sequence: NM, field_position: NM, code_identifying_error: CE,
    }
    ERL {
        segment_id: ST, segment_sequence: NM, field_position: NM, field_repetition: NM, component_number: NM,
        sub_component_number: NM,
    }
    FC {
        financial_class_code: IS, effective_date: TS,
    }
    FN {
        surname: ST, own_surname_prefix: ST, own_surname: ST, surname_prefix_from_partner_spouse: ST,
        surname_from_partner_spouse: ST,
    }
    HD {
        namespace_id: IS, universal_id: ST, universal_id_type: ID,
    }
    ICD {
        certification_patient_type: IS, certification_required: ID, date_time_certification_required: TS,
    }
    JCC {
        job_code: IS, job_class: IS, job_description_text: TX,
    }
    LA1 {
        point_of_care: IS, room: IS, bed: IS, facility: HD, location_status: IS, patient_location_type: IS,
        building: IS, floor: IS, address: AD,
    }
    LA2 {
        point_of_care: IS, room: IS, bed: IS, facility: HD, location_status: IS, patient_location_type: IS,
        building: IS, floor: IS, street_address: ST, other_designation: ST, city: ST, state_or_province: ST,
        zip_or_postal_code: ST, country: ID, address_type: ID, other_geographic_designation: ST,
    }
    MA {
        sample_1_from_channel_1: NM, sample_1_from_channel_2: NM, sample_1_from_channel_n: NM,
        sample_2_from_channel_1: NM, sample_2_from_channel_n: NM, sample_n_from_channel_n: NM,
    }
    MO {
        quantity: NM, denomination: ID,
    }
    MOC {
        monetary_amount: MO, charge_code: CE,
    }
    MOP {
        money_or_percentage_indicator: ID, money_or_percentage_quantity: NM, currency_denomination: ID,
    }
    MSG {
        message_code: ID, trigger_event: ID, message_structure: ID,
    }
    NA {
        value1: NM, value2: NM, value3: NM, value4: NM,
    }
    NDL {
        name: CNN, start_date_time: TS, end_date_time: TS, point_of_care: IS, room: IS, bed: IS, facility: HD,
        location_status: IS, patient_location_type: IS, building: IS, floor: IS,
    }
    NR {
        low_value: NM, high_value: NM,
    }
    OCD {
        occurrence_code: CNE, occurrence_date: DT,
    }
    OSD {
        sequence_results_flag: ID, placer_order_number_entity_identifier: ST, placer_order_number_namespace_id: IS,
        filler_order_number_entity_identifier: ST, filler_order_number_namespace_id: IS,
        sequence_condition_value: ST, maximum_number_of_repeats: NM, placer_order_number_universal_id: ST,
        placer_order_number_universal_id_type: ID, filler_order_number_universal_id: ST,
        filler_order_number_universal_id_type: ID,
    }
    OSP {
        occurrence_span_code: CNE, occurrence_span_start_date: DT, occurrence_span_stop_date: DT,
    }
    PIP {
        privilege: CE, privilege_class: CE, expiration_date: DT, activation_date: DT, facility: EI,
    }
    PL {
        point_of_care: IS, room: IS, bed: IS, facility: HD, location_status: IS, person_location_type: IS,
        building: IS, floor: IS, location_description: ST, comprehensive_location_identifier: EI,
        assigning_authority_for_location: HD,
    }
    PLN {
        id_number: ST, type_of_id_number: IS, state_other_qualifying_information: ST, expiration_date: DT,
    }
    PPN {
        id_number: ST, family_name: FN, given_name: ST, second_and_further_given_names_or_initials_thereof: ST,
        suffix_e_g_jr_or_iii: ST, prefix_e_g_dr: ST, degree_e_g_md: IS, source_table: IS, assigning_authority: HD,
        name_type_code: ID, identifier_check_digit: ST, check_digit_scheme: ID, identifier_type_code: ID,
        assigning_facility: HD, date_time_action_performed: TS, name_representation_code: ID, name_context: CE,
        name_validity_range: DR, name_assembly_order: ID, effective_date: TS, expiration_date: TS,
        professional_suffix: ST, assigning_jurisdiction: CWE, assigning_agency_or_department: CWE,
    }
    PRL {
        parent_observation_identifier: CE, parent_observation_sub_identifier: ST,
        parent_observation_value_descriptor: TX,
    }
    PT {
        processing_id: ID, processing_mode: ID,
    }
    PTA {
        policy_type: IS, amount_class: IS, money_or_percentage_quantity: NM, money_or_percentage: MOP,
    }
    QIP {
        segment_field_name: ST, values: ST,
    }
    QSC {
        segment_field_name: ST, relational_operator: ID, value: ST, relational_conjunction: ID,
    }
    RCD {
        segment_field_name: ST, hl7_data_type: ID, maximum_column_width: NM,
    }
    RFR {
        numeric_range: NR, administrative_sex: IS, age_range: NR, gestational_age_range: NR, species: ST,
        race_subspecies: ST, conditions: TX,
    }
    RI {
        repeat_pattern: IS, explicit_time_interval: ST,
    }
    RMC {
        room_type: IS, amount_type: IS, coverage_amount: NM, money_or_percentage: MOP,
    }
    RP {
        pointer: ST, application_id: HD, type_of_data: ID, subtype: ID,
    }
    RPT {
        repeat_pattern_code: CWE, calendar_alignment: ID, phase_range_begin_value: NM, phase_range_end_value: NM,
        period_quantity: NM, period_units: IS, institution_specified_time: ID, event: ID, event_offset_quantity: NM,
        event_offset_units: IS, general_timing_specification: GTS,
    }
    SAD {
        street_or_mailing_address: ST, street_name: ST, dwelling_number: ST,
    }
    SCV {
        parameter_class: CWE, parameter_value: ST,
    }
    SN {
        comparator: ST, num1: NM, separator_suffix: ST, num2: NM,
    }
    SPD {
        specialty_name: ST, governing_board: ST, eligible_or_certified: ID, date_of_certification: DT,
    }
    SPS {
        specimen_source_name_or_code: CWE, additives: CWE, specimen_collection_method: TX, body_site: CWE,
        site_modifier: CWE, collection_method_modifier_code: CWE, specimen_role: CWE,
    }
    SRT {
        sort_by_field: ST, sequencing: ID,
    }
    TQ {
        quantity: CQ_SIMPLE, interval: RI, duration: ST, start_date_time: TS, end_date_time: TS, priority: ST,
        condition: ST, text: TX, conjunction: ID, order_sequencing: OSD, occurrence_duration: CE,
        total_occurrences: NM,
    }
    TS {
        time: DTM, degree_of_precision: ID,
    }
    UVC {
        value_code: CNE, value_amount: MO,
    }
    VH {
        start_day_range: ID, end_day_range: ID, start_hour_range: TM, end_hour_range: TM,
    }
    VID {
        version_id: ID, internationalization_code: CE, international_version_id: CE,
    }
    VR {
        first_data_code_value: ST, last_data_code_value: ST,
    }
    WVI {
        channel_number: NM, channel_name: ST,
    }
    WVS {
        source_one_name: ST, source_two_name: ST,
    }
    XAD {
        street_address: SAD, other_designation: ST, city: ST, state_or_province: ST, zip_or_postal_code: ST,
        country: ID, address_type: ID, other_geographic_designation: ST, county_parish_code: IS, census_tract: IS,
        address_representation_code: ID, address_validity_range: DR, effective_date: TS, expiration_date: TS,
    }
    XCN {
        id_number: ST, family_name: FN, given_name: ST, second_and_further_given_names_or_initials_thereof: ST,
        suffix_e_g_jr_or_iii: ST, prefix_e_g_dr: ST, degree_e_g_md: IS, source_table: IS, assigning_authority: HD,
        name_type_code: ID, identifier_check_digit: ST, check_digit_scheme: ID, identifier_type_code: ID,
        assigning_facility: HD, name_representation_code: ID, name_context: CE, name_validity_range: DR,
        name_assembly_order: ID, effective_date: TS, expiration_date: TS, professional_suffix: ST,
        assigning_jurisdiction: CWE, assigning_agency_or_department: CWE,
    }
    XON {
        organization_name: ST, organization_name_type_code: IS, id_number: NM, check_digit: NM,
        check_digit_scheme: ID, assigning_authority: HD, identifier_type_code: ID, assigning_facility: HD,
        name_representation_code: ID, organization_identifier: ST,
    }
    XPN {
        family_name: FN, given_name: ST, second_and_further_given_names_or_initials_thereof: ST,
        suffix_e_g_jr_or_iii: ST, prefix_e_g_dr: ST, degree_e_g_md: IS, name_type_code: ID,
        name_representation_code: ID, name_context: CE, name_validity_range: DR, name_assembly_order: ID,
        effective_date: TS, expiration_date: TS, professional_suffix: ST,
    }
    XTN {
        telephone_number: ST, telecommunication_use_code: ID, telecommunication_equipment_type: ID,
        email_address: ST, country_code: NM, area_city_code: NM, local_number: NM, extension: NM, any_text: ST,
        extension_prefix: ST, speed_dial_code: ST, unformatted_telephone_number: ST,
    }
}
