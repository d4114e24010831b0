//! Message control, files and batches (chapter 2).
//!
//! Names, types, what is required and what repeats, as HL7 v2.5.1 has them.

use crate::hl7::dictionary::rows;

rows! { CONTROL
    ADD {
        addendum_continuation_pointer: ST,
    }
    BHS {
        batch_field_separator: ST required, batch_encoding_characters: ST required, batch_sending_application: HD,
        batch_sending_facility: HD, batch_receiving_application: HD, batch_receiving_facility: HD,
        batch_creation_date_time: TS, batch_security: ST, batch_name_id_type: ST, batch_comment: ST,
        batch_control_id: ST, reference_batch_control_id: ST,
    }
    BTS {
        batch_message_count: ST, batch_comment: ST, batch_totals: NM repeats,
    }
    DSC {
        continuation_pointer: ST, continuation_style: ID,
    }
    ERR {
        error_code_and_location: ELD repeats, error_location: ERL repeats, hl7_error_code: CWE required,
        severity: ID required, application_error_code: CWE, application_error_parameter: ST repeats,
        diagnostic_information: TX, user_message: TX, inform_person_indicator: IS repeats, override_type: CWE,
        override_reason_code: CWE repeats, help_desk_contact_point: XTN repeats,
    }
    FHS {
        file_field_separator: ST required, file_encoding_characters: ST required, file_sending_application: HD,
        file_sending_facility: HD, file_receiving_application: HD, file_receiving_facility: HD,
        file_creation_date_time: TS, file_security: ST, file_name_id: ST, file_header_comment: ST,
        file_control_id: ST, reference_file_control_id: ST,
    }
    FTS {
        file_batch_count: NM, file_trailer_comment: ST,
    }
    MSA {
        acknowledgment_code: ID required, message_control_id: ST required, text_message: ST,
        expected_sequence_number: NM, delayed_acknowledgment_type: withdrawn, error_condition: CE,
    }
    MSH {
        field_separator: ST required, encoding_characters: ST required, sending_application: HD,
        sending_facility: HD, receiving_application: HD, receiving_facility: HD, date_time_of_message: TS required,
        security: ST, message_type: MSG required, message_control_id: ST required, processing_id: PT required,
        version_id: VID required, sequence_number: NM, continuation_pointer: ST, accept_acknowledgment_type: ID,
        application_acknowledgment_type: ID, country_code: ID, character_set: ID repeats,
        principal_language_of_message: CE, alternate_character_set_handling_scheme: ID,
        message_profile_identifier: EI repeats,
    }
    NTE {
        set_id_nte: SI, source_of_comment: ID, comment: FT repeats, comment_type: CE,
    }
    OVR {
        business_rule_override_type: CWE, business_rule_override_code: CWE, override_comments: TX,
        override_entered_by: XCN, override_authorized_by: XCN,
    }
    SFT {
        software_vendor_organization: XON required, software_certified_version_or_release_number: ST required,
        software_product_name: ST required, software_binary_id: ST required, software_product_information: TX,
        software_install_date: TS,
    }
}
