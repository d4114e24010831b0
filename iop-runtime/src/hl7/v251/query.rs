//! Queries and displays (chapter 5).
//!
//! Names, types, what is required and what repeats, as HL7 v2.5.1 has them.

use crate::hl7::dictionary::rows;

rows! { QUERY
    DSP {
        set_id_dsp: SI, display_level: SI, data_line: TX required, logical_break_point: ST, result_id: TX,
    }
    EQL {
        query_tag: ST, query_response_format_code: ID required, eql_query_name: CE required,
        eql_query_statement: ST required,
    }
    ERQ {
        query_tag: ST, event_identifier: CE required, input_parameter_list: QIP repeats,
    }
    QAK {
        query_tag: ST, query_response_status: ID, message_query_name: CE, hit_count: NM, this_payload: NM,
        hits_remaining: NM,
    }
    QID {
        query_tag: ST required, message_query_name: CE required,
    }
    QPD {
        message_query_name: CE required, query_tag: ST, user_parameters_in_successive_fields: varies,
    }
    QRD {
        query_date_time: TS required, query_format_code: ID required, query_priority: ID required,
        query_id: ST required, deferred_response_type: ID, deferred_response_date_time: TS,
        quantity_limited_request: CQ required, who_subject_filter: XCN required repeats,
        what_subject_filter: CE required repeats, what_department_data_code: CE required repeats,
        what_data_code_value_qual: VR repeats, query_results_level: ID,
    }
    QRF {
        where_subject_filter: ST required repeats, when_data_start_date_time: TS, when_data_end_date_time: TS,
        what_user_qualifier: ST repeats, other_qry_subject_filter: ST repeats, which_date_time_qualifier: ID repeats,
        which_date_time_status_qualifier: ID repeats, date_time_selection_qualifier: ID repeats,
        when_quantity_timing_qualifier: TQ, search_confidence_threshold: NM,
    }
    QRI {
        candidate_confidence: NM, match_reason_code: IS repeats, algorithm_descriptor: CE,
    }
    RCP {
        query_priority: ID, quantity_limited_request: CQ, response_modality: CE, execution_and_delivery_time: TS,
        modify_indicator: ID, sort_by_field: SRT repeats, segment_group_inclusion: ID repeats,
    }
    RDF {
        number_of_columns_per_row: NM required, column_description: RCD required repeats,
    }
    RDT {
        column_value: varies required,
    }
    SPR {
        query_tag: ST, query_response_format_code: ID required, stored_procedure_name: CE required,
        input_parameter_list: QIP repeats,
    }
    URD {
        r_u_date_time: TS, report_priority: ID, r_u_who_subject_definition: XCN required repeats,
        r_u_what_subject_definition: CE repeats, r_u_what_department_code: CE repeats,
        r_u_display_print_locations: ST repeats, r_u_results_level: ID,
    }
    URS {
        r_u_where_subject_definition: ST required repeats, r_u_when_data_start_date_time: TS,
        r_u_when_data_end_date_time: TS, r_u_what_user_qualifier: ST repeats,
        r_u_other_results_subject_definition: ST repeats, r_u_which_date_time_qualifier: ID repeats,
        r_u_which_date_time_status_qualifier: ID repeats, r_u_date_time_selection_qualifier: ID repeats,
        r_u_quantity_timing_qualifier: TQ,
    }
    VTQ {
        query_tag: ST, query_response_format_code: ID required, vt_query_name: CE required,
        virtual_table_name: CE required, selection_criteria: QSC repeats,
    }
}
