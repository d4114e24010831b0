//! Results, specimens, trials and product experience (chapter 7).
//!
//! Names, types, what is required and what repeats, as HL7 v2.5.1 has them.

use crate::hl7::dictionary::rows;

rows! { OBSERVATIONS
    CM0 {
        set_id_cm0: SI, sponsor_study_id: EI required, alternate_study_id: EI repeats, title_of_study: ST required,
        chairman_of_study: XCN repeats, last_irb_approval_date: DT, total_accrual_to_date: NM, last_accrual_date: DT,
        contact_for_study: XCN repeats, contact_s_telephone_number: XTN, contact_s_address: XAD repeats,
    }
    CM1 {
        set_id_cm1: SI required, study_phase_identifier: CE required, description_of_study_phase: ST required,
    }
    CM2 {
        set_id_cm2: SI, scheduled_time_point: CE required, description_of_time_point: ST,
        events_scheduled_this_time_point: CE required repeats,
    }
    CSP {
        study_phase_identifier: CE required, date_time_study_phase_began: TS required,
        date_time_study_phase_ended: TS, study_phase_evaluability: CE,
    }
    CSR {
        sponsor_study_id: EI required, alternate_study_id: EI, institution_registering_the_patient: CE,
        sponsor_patient_id: CX required, alternate_patient_id_csr: CX,
        date_time_of_patient_study_registration: TS required, person_performing_study_registration: XCN repeats,
        study_authorizing_provider: XCN required repeats, date_time_patient_study_consent_signed: TS,
        patient_study_eligibility_status: CE, study_randomization_date_time: TS repeats,
        randomized_study_arm: CE repeats, stratum_for_study_randomization: CE repeats,
        patient_evaluability_status: CE, date_time_ended_study: TS, reason_ended_study: CE,
    }
    CSS {
        study_scheduled_time_point: CE required, study_scheduled_patient_time_point: TS,
        study_quality_control_codes: CE repeats,
    }
    CTI {
        sponsor_study_id: EI required, study_phase_identifier: CE, study_scheduled_time_point: CE,
    }
    FAC {
        facility_id_fac: EI required, facility_type: ID, facility_address: XAD required repeats,
        facility_telecommunication: XTN required, contact_person: XCN repeats, contact_title: ST repeats,
        contact_address: XAD repeats, contact_telecommunication: XTN repeats,
        signature_authority: XCN required repeats, signature_authority_title: ST,
        signature_authority_address: XAD repeats, signature_authority_telecommunication: XTN,
    }
    OBX {
        set_id_obx: SI, value_type: ID, observation_identifier: CE required, observation_sub_id: ST,
        observation_value: varies repeats, units: CE, references_range: ST, abnormal_flags: IS repeats,
        probability: NM, nature_of_abnormal_test: ID repeats, observation_result_status: ID required,
        effective_date_of_reference_range_values: TS, user_defined_access_checks: ST,
        date_time_of_the_observation: TS, producer_s_reference: CE, responsible_observer: XCN repeats,
        observation_method: CE repeats, equipment_instance_identifier: EI repeats, date_time_of_the_analysis: TS,
        reserved_20: withdrawn, reserved_21: withdrawn, reserved_22: withdrawn,
        performing_organization_name: XON repeats, performing_organization_address: XAD repeats,
        performing_organization_medical_director: XCN repeats,
    }
    PCR {
        implicated_product: CE required, generic_product: IS, product_class: CE, total_duration_of_therapy: CQ,
        product_manufacture_date: TS, product_expiration_date: TS, product_implantation_date: TS,
        product_explantation_date: TS, single_use_device: IS, indication_for_product_use: CE, product_problem: IS,
        product_serial_lot_number: ST repeats, product_available_for_inspection: IS,
        product_evaluation_performed: CE, product_evaluation_status: CE, product_evaluation_results: CE,
        evaluated_product_source: ID, date_product_returned_to_manufacturer: TS, device_operator_qualifications: ID,
        relatedness_assessment: ID, action_taken_in_response_to_the_event: ID repeats,
        event_causality_observations: ID repeats, indirect_exposure_mechanism: ID repeats,
    }
    PDC {
        manufacturer_distributor: XON required repeats, country: CE required, brand_name: ST required,
        device_family_name: ST, generic_name: CE, model_identifier: ST repeats, catalogue_identifier: ST,
        other_identifier: ST repeats, product_code: CE, marketing_basis: ID, marketing_approval_id: ST,
        labeled_shelf_life: CQ, expected_shelf_life: CQ, date_first_marketed: TS, date_last_marketed: TS,
    }
    PEO {
        event_identifiers_used: CE repeats, event_symptom_diagnosis_code: CE repeats,
        event_onset_date_time: TS required, event_exacerbation_date_time: TS, event_improved_date_time: TS,
        event_ended_data_time: TS, event_location_occurred_address: XAD repeats, event_qualification: ID repeats,
        event_serious: ID, event_expected: ID, event_outcome: ID repeats, patient_outcome: ID,
        event_description_from_others: FT repeats, event_from_original_reporter: FT repeats,
        event_description_from_patient: FT repeats, event_description_from_practitioner: FT repeats,
        event_description_from_autopsy: FT repeats, cause_of_death: CE repeats, primary_observer_name: XPN repeats,
        primary_observer_address: XAD repeats, primary_observer_telephone: XTN repeats,
        primary_observer_s_qualification: ID, confirmation_provided_by: ID, primary_observer_aware_date_time: TS,
        primary_observer_s_identity_may_be_divulged: ID,
    }
    PES {
        sender_organization_name: XON repeats, sender_individual_name: XCN repeats, sender_address: XAD repeats,
        sender_telephone: XTN repeats, sender_event_identifier: EI, sender_sequence_number: NM,
        sender_event_description: FT repeats, sender_comment: FT, sender_aware_date_time: TS,
        event_report_date: TS required, event_report_timing_type: ID repeats, event_report_source: ID,
        event_reported_to: ID repeats,
    }
    PSH {
        report_type: ST required, report_form_identifier: ST, report_date: TS required,
        report_interval_start_date: TS, report_interval_end_date: TS, quantity_manufactured: CQ,
        quantity_distributed: CQ, quantity_distributed_method: ID, quantity_distributed_comment: FT,
        quantity_in_use: CQ, quantity_in_use_method: ID, quantity_in_use_comment: FT,
        number_of_product_experience_reports_filed_by_facility: NM repeats,
        number_of_product_experience_reports_filed_by_distributor: NM repeats,
    }
    SPM {
        set_id_spm: SI, specimen_id: EIP, specimen_parent_ids: EIP repeats, specimen_type: CWE required,
        specimen_type_modifier: CWE repeats, specimen_additives: CWE repeats, specimen_collection_method: CWE,
        specimen_source_site: CWE, specimen_source_site_modifier: CWE repeats, specimen_collection_site: CWE,
        specimen_role: CWE repeats, specimen_collection_amount: CQ, grouped_specimen_count: NM,
        specimen_description: ST repeats, specimen_handling_code: CWE repeats, specimen_risk_code: CWE repeats,
        specimen_collection_date_time: DR, specimen_received_date_time: TS, specimen_expiration_date_time: TS,
        specimen_availability: ID, specimen_reject_reason: CWE repeats, specimen_quality: CWE,
        specimen_appropriateness: CWE, specimen_condition: CWE repeats, specimen_current_quantity: CQ,
        number_of_specimen_containers: NM, container_type: CWE, container_condition: CWE, specimen_child_role: CWE,
    }
}
