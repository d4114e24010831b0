//! Laboratory automation and the network (chapters 13 and 14).
//!
//! Names, types, what is required and what repeats, as HL7 v2.5.1 has them.

use crate::hl7::dictionary::rows;

rows! { DEVICES
    CNS {
        starting_notification_reference_number: NM, ending_notification_reference_number: NM,
        starting_notification_date_time: TS, ending_notification_date_time: TS, starting_notification_code: CE,
        ending_notification_code: CE,
    }
    ECD {
        reference_command_number: NM required, remote_control_command: CE required, response_required: ID,
        requested_completion_time: TQ, parameters: TX repeats,
    }
    ECR {
        command_response: CE required, date_time_completed: TS required, command_response_parameters: TX repeats,
    }
    EQP {
        event_type: CE required, file_name: ST, start_date_time: TS required, end_date_time: TS,
        transaction_data: FT required,
    }
    EQU {
        equipment_instance_identifier: EI required, event_date_time: TS required, equipment_state: CE,
        local_remote_control_state: CE, alert_level: CE,
    }
    INV {
        substance_identifier: CE required, substance_status: CE required repeats, substance_type: CE,
        inventory_container_identifier: CE, container_carrier_identifier: CE, position_on_carrier: CE,
        initial_quantity: NM, current_quantity: NM, available_quantity: NM, consumption_quantity: NM,
        quantity_units: CE, expiration_date_time: TS, first_used_date_time: TS, on_board_stability_duration: TQ,
        test_fluid_identifier_s: CE repeats, manufacturer_lot_number: ST, manufacturer_identifier: CE,
        supplier_identifier: CE, on_board_stability_time: CQ, target_value: CQ,
    }
    IPC {
        accession_identifier: EI required, requested_procedure_id: EI required, study_instance_uid: EI required,
        scheduled_procedure_step_id: EI required, modality: CE, protocol_code: CE repeats,
        scheduled_station_name: EI, scheduled_procedure_step_location: CE repeats, scheduled_ae_title: ST,
    }
    ISD {
        reference_interaction_number_unique_identifier: NM required, interaction_type_identifier: CE,
        interaction_active_state: CE required,
    }
    NCK {
        system_date_time: TS required,
    }
    NDS {
        notification_reference_number: NM required, notification_date_time: TS required,
        notification_alert_severity: CE required, notification_code: CE required,
    }
    NSC {
        application_change_type: IS required, current_cpu: ST, current_fileserver: ST, current_application: HD,
        current_facility: HD, new_cpu: ST, new_fileserver: ST, new_application: HD, new_facility: HD,
    }
    NST {
        statistics_available: ID required, source_identifier: ST, source_type: ID, statistics_start: TS,
        statistics_end: TS, receive_character_count: NM, send_character_count: NM, messages_received: NM,
        messages_sent: NM, checksum_errors_received: NM, length_errors_received: NM, other_errors_received: NM,
        connect_timeouts: NM, receive_timeouts: NM, application_control_level_errors: NM,
    }
    SAC {
        external_accession_identifier: EI, accession_identifier: EI, container_identifier: EI,
        primary_parent_container_identifier: EI, equipment_container_identifier: EI, specimen_source: SPS,
        registration_date_time: TS, container_status: CE, carrier_type: CE, carrier_identifier: EI,
        position_in_carrier: NA, tray_type_sac: CE, tray_identifier: EI, position_in_tray: NA, location: CE repeats,
        container_height: NM, container_diameter: NM, barrier_delta: NM, bottom_delta: NM,
        container_height_diameter_delta_units: CE, container_volume: NM, available_specimen_volume: NM,
        initial_specimen_volume: NM, volume_units: CE, separator_type: CE, cap_type: CE, additive: CWE repeats,
        specimen_component: CE, dilution_factor: SN, treatment: CE, temperature: SN, hemolysis_index: NM,
        hemolysis_index_units: CE, lipemia_index: NM, lipemia_index_units: CE, icterus_index: NM,
        icterus_index_units: CE, fibrin_index: NM, fibrin_index_units: CE, system_induced_contaminants: CE repeats,
        drug_interference: CE repeats, artificial_blood: CE, special_handling_code: CWE repeats,
        other_environmental_factors: CE repeats,
    }
    SID {
        application_method_identifier: CE, substance_lot_number: ST, substance_container_identifier: ST,
        substance_manufacturer_identifier: CE,
    }
    TCC {
        universal_service_identifier: CE required, test_application_identifier: EI required, specimen_source: SPS,
        auto_dilution_factor_default: SN, rerun_dilution_factor_default: SN, pre_dilution_factor_default: SN,
        endogenous_content_of_pre_dilution_diluent: SN, inventory_limits_warning_level: NM,
        automatic_rerun_allowed: ID, automatic_repeat_allowed: ID, automatic_reflex_allowed: ID,
        equipment_dynamic_range: SN, units: CE, processing_type: CE,
    }
    TCD {
        universal_service_identifier: CE required, auto_dilution_factor: SN, rerun_dilution_factor: SN,
        pre_dilution_factor: SN, endogenous_content_of_pre_dilution_diluent: SN, automatic_repeat_allowed: ID,
        reflex_allowed: ID, analyte_repeat_status: CE,
    }
}
