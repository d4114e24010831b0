//! Orders, pharmacy, vaccinations, blood and supplies (chapters 4 and 7 in part).
//!
//! Names, types, what is required and what repeats, as HL7 v2.5.1 has them.

use crate::hl7::dictionary::rows;

rows! { ORDERS
    BLG {
        when_to_charge: CCD, charge_type: ID, account_id: CX, charge_type_reason: CWE,
    }
    BPO {
        set_id_bpo: SI required, bp_universal_service_id: CWE required, bp_processing_requirements: CWE repeats,
        bp_quantity: NM required, bp_amount: NM, bp_units: CE, bp_intended_use_date_time: TS,
        bp_intended_dispense_from_location: PL, bp_intended_dispense_from_address: XAD,
        bp_requested_dispense_date_time: TS, bp_requested_dispense_to_location: PL,
        bp_requested_dispense_to_address: XAD, bp_indication_for_use: CWE repeats, bp_informed_consent_indicator: ID,
    }
    BPX {
        set_id_bpx: SI required, bp_dispense_status: CWE required, bp_status: ID required,
        bp_date_time_of_status: TS required, bc_donation_id: EI, bc_component: CNE,
        bc_donation_type_intended_use: CNE, cp_commercial_product: CWE, cp_manufacturer: XON, cp_lot_number: EI,
        bp_blood_group: CNE, bc_special_testing: CNE repeats, bp_expiration_date_time: TS, bp_quantity: NM required,
        bp_amount: NM, bp_units: CE, bp_unique_id: EI, bp_actual_dispensed_to_location: PL,
        bp_actual_dispensed_to_address: XAD, bp_dispensed_to_receiver: XCN, bp_dispensing_individual: XCN,
    }
    BTX {
        set_id_btx: SI required, bc_donation_id: EI, bc_component: CNE, bc_blood_group: CNE,
        cp_commercial_product: CWE, cp_manufacturer: XON, cp_lot_number: EI, bp_quantity: NM required, bp_amount: NM,
        bp_units: CE, bp_transfusion_disposition_status: CWE required, bp_message_status: ID required,
        bp_date_time_of_status: TS required, bp_administrator: XCN, bp_verifier: XCN,
        bp_transfusion_start_date_time_of_status: TS, bp_transfusion_end_date_time_of_status: TS,
        bp_adverse_reaction_type: CWE repeats, bp_transfusion_interrupted_reason: CWE,
    }
    OBR {
        set_id_obr: SI, placer_order_number: EI, filler_order_number: EI, universal_service_identifier: CE required,
        priority_obr: ID, requested_date_time: TS, observation_date_time: TS, observation_end_date_time: TS,
        collection_volume: CQ, collector_identifier: XCN repeats, specimen_action_code: ID, danger_code: CE,
        relevant_clinical_information: ST, specimen_received_date_time: TS, specimen_source: SPS,
        ordering_provider: XCN repeats, order_callback_phone_number: XTN repeats, placer_field_1: ST,
        placer_field_2: ST, filler_field_1: ST, filler_field_2: ST, results_rpt_status_chng_date_time: TS,
        charge_to_practice: MOC, diagnostic_serv_sect_id: ID, result_status: ID, parent_result: PRL,
        quantity_timing: TQ repeats, result_copies_to: XCN repeats, parent: EIP, transportation_mode: ID,
        reason_for_study: CE repeats, principal_result_interpreter: NDL, assistant_result_interpreter: NDL repeats,
        technician: NDL repeats, transcriptionist: NDL repeats, scheduled_date_time: TS,
        number_of_sample_containers: NM, transport_logistics_of_collected_sample: CE repeats,
        collector_s_comment: CE repeats, transport_arrangement_responsibility: CE, transport_arranged: ID,
        escort_required: ID, planned_patient_transport_comment: CE repeats, procedure_code: CE,
        procedure_code_modifier: CE repeats, placer_supplemental_service_information: CE repeats,
        filler_supplemental_service_information: CE repeats, medically_necessary_duplicate_procedure_reason: CWE,
        result_handling: IS, parent_universal_service_identifier: CWE,
    }
    ODS {
        type: ID required, service_period: CE repeats, diet_supplement_or_preference_code: CE required repeats,
        text_instruction: ST repeats,
    }
    ODT {
        tray_type: CE required, service_period: CE repeats, text_instruction: ST,
    }
    ORC {
        order_control: ID required, placer_order_number: EI, filler_order_number: EI, placer_group_number: EI,
        order_status: ID, response_flag: ID, quantity_timing: TQ repeats, parent: EIP, date_time_of_transaction: TS,
        entered_by: XCN repeats, verified_by: XCN repeats, ordering_provider: XCN repeats, enterer_s_location: PL,
        call_back_phone_number: XTN repeats, order_effective_date_time: TS, order_control_code_reason: CE,
        entering_organization: CE, entering_device: CE, action_by: XCN repeats, advanced_beneficiary_notice_code: CE,
        ordering_facility_name: XON repeats, ordering_facility_address: XAD repeats,
        ordering_facility_phone_number: XTN repeats, ordering_provider_address: XAD repeats,
        order_status_modifier: CWE, advanced_beneficiary_notice_override_reason: CWE,
        filler_s_expected_availability_date_time: TS, confidentiality_code: CWE, order_type: CWE,
        enterer_authorization_mode: CNE, parent_universal_service_identifier: CWE,
    }
    RQ1 {
        anticipated_price: ST, manufacturer_identifier: CE, manufacturer_s_catalog: ST, vendor_id: CE,
        vendor_catalog: ST, taxable: ID, substitute_allowed: ID,
    }
    RQD {
        requisition_line_number: SI, item_code_internal: CE, item_code_external: CE, hospital_item_code: CE,
        requisition_quantity: NM, requisition_unit_of_measure: CE, dept_cost_center: IS,
        item_natural_account_code: IS, deliver_to_id: CE, date_needed: DT,
    }
    RXA {
        give_sub_id_counter: NM required, administration_sub_id_counter: NM required,
        date_time_start_of_administration: TS required, date_time_end_of_administration: TS required,
        administered_code: CE required, administered_amount: NM required, administered_units: CE,
        administered_dosage_form: CE, administration_notes: CE repeats, administering_provider: XCN repeats,
        administered_at_location: LA2, administered_per_time_unit: ST, administered_strength: NM,
        administered_strength_units: CE, substance_lot_number: ST repeats, substance_expiration_date: TS repeats,
        substance_manufacturer_name: CE repeats, substance_treatment_refusal_reason: CE repeats,
        indication: CE repeats, completion_status: ID, action_code_rxa: ID, system_entry_date_time: TS,
        administered_drug_strength_volume: NM, administered_drug_strength_volume_units: CWE,
        administered_barcode_identifier: CWE, pharmacy_order_type: ID,
    }
    RXC {
        rx_component_type: ID required, component_code: CE required, component_amount: NM required,
        component_units: CE required, component_strength: NM, component_strength_units: CE,
        supplementary_code: CE repeats, component_drug_strength_volume: NM,
        component_drug_strength_volume_units: CWE,
    }
    RXD {
        dispense_sub_id_counter: NM required, dispense_give_code: CE required, date_time_dispensed: TS required,
        actual_dispense_amount: NM required, actual_dispense_units: CE, actual_dosage_form: CE,
        prescription_number: ST required, number_of_refills_remaining: NM, dispense_notes: ST repeats,
        dispensing_provider: XCN repeats, substitution_status: ID, total_daily_dose: CQ, dispense_to_location: LA2,
        needs_human_review: ID, pharmacy_treatment_supplier_s_special_dispensing_instructions: CE repeats,
        actual_strength: NM, actual_strength_unit: CE, substance_lot_number: ST repeats,
        substance_expiration_date: TS repeats, substance_manufacturer_name: CE repeats, indication: CE repeats,
        dispense_package_size: NM, dispense_package_size_unit: CE, dispense_package_method: ID,
        supplementary_code: CE repeats, initiating_location: CE, packaging_assembly_location: CE,
        actual_drug_strength_volume: NM, actual_drug_strength_volume_units: CWE, dispense_to_pharmacy: CWE,
        dispense_to_pharmacy_address: XAD, pharmacy_order_type: ID, dispense_type: CWE,
    }
    RXE {
        quantity_timing: TQ, give_code: CE required, give_amount_minimum: NM required, give_amount_maximum: NM,
        give_units: CE required, give_dosage_form: CE, provider_s_administration_instructions: CE repeats,
        deliver_to_location: LA1, substitution_status: ID, dispense_amount: NM, dispense_units: CE,
        number_of_refills: NM, ordering_provider_s_dea_number: XCN repeats,
        pharmacist_treatment_supplier_s_verifier_id: XCN repeats, prescription_number: ST,
        number_of_refills_remaining: NM, number_of_refills_doses_dispensed: NM,
        d_t_of_most_recent_refill_or_dose_dispensed: TS, total_daily_dose: CQ, needs_human_review: ID,
        pharmacy_treatment_supplier_s_special_dispensing_instructions: CE repeats, give_per_time_unit: ST,
        give_rate_amount: ST, give_rate_units: CE, give_strength: NM, give_strength_units: CE,
        give_indication: CE repeats, dispense_package_size: NM, dispense_package_size_unit: CE,
        dispense_package_method: ID, supplementary_code: CE repeats, original_order_date_time: TS,
        give_drug_strength_volume: NM, give_drug_strength_volume_units: CWE, controlled_substance_schedule: CWE,
        formulary_status: ID, pharmaceutical_substance_alternative: CWE repeats, pharmacy_of_most_recent_fill: CWE,
        initial_dispense_amount: NM, dispensing_pharmacy: CWE, dispensing_pharmacy_address: XAD,
        deliver_to_patient_location: PL, deliver_to_address: XAD, pharmacy_order_type: ID,
    }
    RXG {
        give_sub_id_counter: NM required, dispense_sub_id_counter: NM, quantity_timing: TQ, give_code: CE required,
        give_amount_minimum: NM required, give_amount_maximum: NM, give_units: CE required, give_dosage_form: CE,
        administration_notes: CE repeats, substitution_status: ID, dispense_to_location: LA2, needs_human_review: ID,
        pharmacy_treatment_supplier_s_special_administration_instructions: CE repeats, give_per_time_unit: ST,
        give_rate_amount: ST, give_rate_units: CE, give_strength: NM, give_strength_units: CE,
        substance_lot_number: ST repeats, substance_expiration_date: TS repeats,
        substance_manufacturer_name: CE repeats, indication: CE repeats, give_drug_strength_volume: NM,
        give_drug_strength_volume_units: CWE, give_barcode_identifier: CWE, pharmacy_order_type: ID,
    }
    RXO {
        requested_give_code: CE, requested_give_amount_minimum: NM, requested_give_amount_maximum: NM,
        requested_give_units: CE, requested_dosage_form: CE, provider_s_pharmacy_treatment_instructions: CE repeats,
        provider_s_administration_instructions: CE repeats, deliver_to_location: LA1, allow_substitutions: ID,
        requested_dispense_code: CE, requested_dispense_amount: NM, requested_dispense_units: CE,
        number_of_refills: NM, ordering_provider_s_dea_number: XCN repeats,
        pharmacist_treatment_supplier_s_verifier_id: XCN repeats, needs_human_review: ID,
        requested_give_per_time_unit: ST, requested_give_strength: NM, requested_give_strength_units: CE,
        indication: CE repeats, requested_give_rate_amount: ST, requested_give_rate_units: CE, total_daily_dose: CQ,
        supplementary_code: CE repeats, requested_drug_strength_volume: NM,
        requested_drug_strength_volume_units: CWE, pharmacy_order_type: ID, dispensing_interval: NM,
    }
    RXR {
        route: CE required, administration_site: CWE, administration_device: CE, administration_method: CWE,
        routing_instruction: CE, administration_site_modifier: CWE,
    }
    TQ1 {
        set_id_tq1: SI, quantity: CQ, repeat_pattern: RPT repeats, explicit_time: TM repeats,
        relative_time_and_units: CQ repeats, service_duration: CQ, start_date_time: TS, end_date_time: TS,
        priority: CWE repeats, condition_text: TX, text_instruction: TX, conjunction: ID, occurrence_duration: CQ,
        total_occurrence_s: NM,
    }
    TQ2 {
        set_id_tq2: SI, sequence_results_flag: ID, related_placer_number: EI repeats,
        related_filler_number: EI repeats, related_placer_group_number: EI repeats, sequence_condition_code: ID,
        cyclic_entry_exit_indicator: ID, sequence_condition_time_interval: CQ,
        cyclic_group_maximum_number_of_repeats: NM, special_service_request_relationship: ID,
    }
}
