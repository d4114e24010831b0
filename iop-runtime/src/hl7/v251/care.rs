//! Documents, scheduling, referral and care of patients (chapters 9 to 12).
//!
//! Names, types, what is required and what repeats, as HL7 v2.5.1 has them.

use crate::hl7::dictionary::rows;

rows! { CARE
    AIG {
        set_id_aig: SI required, segment_action_code: ID, resource_id: CE, resource_type: CE required,
        resource_group: CE repeats, resource_quantity: NM, resource_quantity_units: CE, start_date_time: TS,
        start_date_time_offset: NM, start_date_time_offset_units: CE, duration: NM, duration_units: CE,
        allow_substitution_code: IS, filler_status_code: CE,
    }
    AIL {
        set_id_ail: SI required, segment_action_code: ID, location_resource_id: PL repeats, location_type_ail: CE,
        location_group: CE, start_date_time: TS, start_date_time_offset: NM, start_date_time_offset_units: CE,
        duration: NM, duration_units: CE, allow_substitution_code: IS, filler_status_code: CE,
    }
    AIP {
        set_id_aip: SI required, segment_action_code: ID, personnel_resource_id: XCN repeats, resource_type: CE,
        resource_group: CE, start_date_time: TS, start_date_time_offset: NM, start_date_time_offset_units: CE,
        duration: NM, duration_units: CE, allow_substitution_code: IS, filler_status_code: CE,
    }
    AIS {
        set_id_ais: SI required, segment_action_code: ID, universal_service_identifier: CE required,
        start_date_time: TS, start_date_time_offset: NM, start_date_time_offset_units: CE, duration: NM,
        duration_units: CE, allow_substitution_code: IS, filler_status_code: CE,
        placer_supplemental_service_information: CE repeats, filler_supplemental_service_information: CE repeats,
    }
    APR {
        time_selection_criteria: SCV repeats, resource_selection_criteria: SCV repeats,
        location_selection_criteria: SCV repeats, slot_spacing_criteria: NM, filler_override_criteria: SCV repeats,
    }
    ARQ {
        placer_appointment_id: EI required, filler_appointment_id: EI, occurrence_number: NM,
        placer_group_number: EI, schedule_id: CE, request_event_reason: CE, appointment_reason: CE,
        appointment_type: CE, appointment_duration: NM, appointment_duration_units: CE,
        requested_start_date_time_range: DR repeats, priority_arq: ST, repeating_interval: RI,
        repeating_interval_duration: ST, placer_contact_person: XCN required repeats,
        placer_contact_phone_number: XTN repeats, placer_contact_address: XAD repeats, placer_contact_location: PL,
        entered_by_person: XCN required repeats, entered_by_phone_number: XTN repeats, entered_by_location: PL,
        parent_placer_appointment_id: EI, parent_filler_appointment_id: EI, placer_order_number: EI repeats,
        filler_order_number: EI repeats,
    }
    AUT {
        authorizing_payor_plan_id: CE, authorizing_payor_company_id: CE required, authorizing_payor_company_name: ST,
        authorization_effective_date: TS, authorization_expiration_date: TS, authorization_identifier: EI,
        reimbursement_limit: CP, requested_number_of_treatments: NM, authorized_number_of_treatments: NM,
        process_date: TS,
    }
    CON {
        set_id_con: SI required, consent_type: CWE, consent_form_id: ST, consent_form_number: EI,
        consent_text: FT repeats, subject_specific_consent_text: FT repeats, consent_background: FT repeats,
        subject_specific_consent_background: FT repeats, consenter_imposed_limitations: FT repeats,
        consent_mode: CNE, consent_status: CNE required, consent_discussion_date_time: TS,
        consent_decision_date_time: TS, consent_effective_date_time: TS, consent_end_date_time: TS,
        subject_competence_indicator: ID, translator_assistance_indicator: ID, language_translated_to: ID,
        informational_material_supplied_indicator: ID, consent_bypass_reason: CWE, consent_disclosure_level: ID,
        consent_non_disclosure_reason: CWE, non_subject_consenter_reason: CWE, consenter_id: XPN required repeats,
        relationship_to_subject_table: IS required repeats,
    }
    CTD {
        contact_role: CE required repeats, contact_name: XPN repeats, contact_address: XAD repeats,
        contact_location: PL, contact_communication_information: XTN repeats, preferred_method_of_contact: CE,
        contact_identifiers: PLN repeats,
    }
    GOL {
        action_code: ID required, action_date_time: TS required, goal_id: CE required, goal_instance_id: EI required,
        episode_of_care_id: EI, goal_list_priority: NM, goal_established_date_time: TS,
        expected_goal_achieve_date_time: TS, goal_classification: CE, goal_management_discipline: CE,
        current_goal_review_status: CE, current_goal_review_date_time: TS, next_goal_review_date_time: TS,
        previous_goal_review_date_time: TS, goal_review_interval: TQ, goal_evaluation: CE,
        goal_evaluation_comment: ST repeats, goal_life_cycle_status: CE, goal_life_cycle_status_date_time: TS,
        goal_target_type: CE repeats, goal_target_name: XPN repeats,
    }
    PRB {
        action_code: ID required, action_date_time: TS required, problem_id: CE required,
        problem_instance_id: EI required, episode_of_care_id: EI, problem_list_priority: NM,
        problem_established_date_time: TS, anticipated_problem_resolution_date_time: TS,
        actual_problem_resolution_date_time: TS, problem_classification: CE,
        problem_management_discipline: CE repeats, problem_persistence: CE, problem_confirmation_status: CE,
        problem_life_cycle_status: CE, problem_life_cycle_status_date_time: TS, problem_date_of_onset: TS,
        problem_onset_text: ST, problem_ranking: CE, certainty_of_problem: CE, probability_of_problem_0_1: NM,
        individual_awareness_of_problem: CE, problem_prognosis: CE, individual_awareness_of_prognosis: CE,
        family_significant_other_awareness_of_problem_prognosis: ST, security_sensitivity: CE,
    }
    PRD {
        provider_role: CE required repeats, provider_name: XPN repeats, provider_address: XAD repeats,
        provider_location: PL, provider_communication_information: XTN repeats, preferred_method_of_contact: CE,
        provider_identifiers: PLN repeats, effective_start_date_of_provider_role: TS,
        effective_end_date_of_provider_role: TS,
    }
    PTH {
        action_code: ID required, pathway_id: CE required, pathway_instance_id: EI required,
        pathway_established_date_time: TS required, pathway_life_cycle_status: CE,
        change_pathway_life_cycle_status_date_time: TS,
    }
    RF1 {
        referral_status: CE, referral_priority: CE, referral_type: CE, referral_disposition: CE repeats,
        referral_category: CE, originating_referral_identifier: EI required, effective_date: TS, expiration_date: TS,
        process_date: TS, referral_reason: CE repeats, external_referral_identifier: EI repeats,
    }
    RGS {
        set_id_rgs: SI required, segment_action_code: ID, resource_group_id: CE,
    }
    SCH {
        placer_appointment_id: EI, filler_appointment_id: EI, occurrence_number: NM, placer_group_number: EI,
        schedule_id: CE, event_reason: CE required, appointment_reason: CE, appointment_type: CE,
        appointment_duration: NM, appointment_duration_units: CE, appointment_timing_quantity: TQ repeats,
        placer_contact_person: XCN repeats, placer_contact_phone_number: XTN, placer_contact_address: XAD repeats,
        placer_contact_location: PL, filler_contact_person: XCN required repeats, filler_contact_phone_number: XTN,
        filler_contact_address: XAD repeats, filler_contact_location: PL, entered_by_person: XCN required repeats,
        entered_by_phone_number: XTN repeats, entered_by_location: PL, parent_placer_appointment_id: EI,
        parent_filler_appointment_id: EI, filler_status_code: CE, placer_order_number: EI repeats,
        filler_order_number: EI repeats,
    }
    TXA {
        set_id_txa: SI required, document_type: IS required, document_content_presentation: ID,
        activity_date_time: TS, primary_activity_provider_code_name: XCN repeats, origination_date_time: TS,
        transcription_date_time: TS, edit_date_time: TS repeats, originator_code_name: XCN repeats,
        assigned_document_authenticator: XCN repeats, transcriptionist_code_name: XCN repeats,
        unique_document_number: EI required, parent_document_number: EI, placer_order_number: EI repeats,
        filler_order_number: EI, unique_document_file_name: ST, document_completion_status: ID required,
        document_confidentiality_status: ID, document_availability_status: ID, document_storage_status: ID,
        document_change_reason: ST, authentication_person_time_stamp: PPN repeats,
        distributed_copies_code_and_name_of_recipients: XCN repeats,
    }
    VAR {
        variance_instance_id: EI required, documented_date_time: TS required, stated_variance_date_time: TS,
        variance_originator: XCN repeats, variance_classification: CE, variance_description: ST repeats,
    }
}
