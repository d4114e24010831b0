//! Accidents, diagnoses, procedures, insurance and charges (chapter 6).
//!
//! Names, types, what is required and what repeats, as HL7 v2.5.1 has them.

use crate::hl7::dictionary::rows;

rows! { FINANCE
    ABS {
        discharge_care_provider: XCN, transfer_medical_service_code: CE, severity_of_illness_code: CE,
        date_time_of_attestation: TS, attested_by: XCN, triage_code: CE, abstract_completion_date_time: TS,
        abstracted_by: XCN, case_category_code: CE, caesarian_section_indicator: ID, gestation_category_code: CE,
        gestation_period_weeks: NM, newborn_code: CE, stillborn_indicator: ID,
    }
    ACC {
        accident_date_time: TS, accident_code: CE, accident_location: ST, auto_accident_state: CE,
        accident_job_related_indicator: ID, accident_death_indicator: ID, entered_by: XCN, accident_description: ST,
        brought_in_by: ST, police_notified_indicator: ID, accident_address: XAD,
    }
    BLC {
        blood_product_code: CE, blood_amount: CQ,
    }
    DG1 {
        set_id_dg1: SI required, diagnosis_coding_method: ID, diagnosis_code_dg1: CE, diagnosis_description: ST,
        diagnosis_date_time: TS, diagnosis_type: IS required, major_diagnostic_category: CE,
        diagnostic_related_group: CE, drg_approval_indicator: ID, drg_grouper_review_code: IS, outlier_type: CE,
        outlier_days: NM, outlier_cost: CP, grouper_version_and_type: ST, diagnosis_priority: ID,
        diagnosing_clinician: XCN repeats, diagnosis_classification: IS, confidential_indicator: ID,
        attestation_date_time: TS, diagnosis_identifier: EI, diagnosis_action_code: ID,
    }
    DRG {
        diagnostic_related_group: CE, drg_assigned_date_time: TS, drg_approval_indicator: ID,
        drg_grouper_review_code: IS, outlier_type: CE, outlier_days: NM, outlier_cost: CP, drg_payor: IS,
        outlier_reimbursement: CP, confidential_indicator: ID, drg_transfer_type: IS,
    }
    FT1 {
        set_id_ft1: SI, transaction_id: ST, transaction_batch_id: ST, transaction_date: DR required,
        transaction_posting_date: TS, transaction_type: IS required, transaction_code: CE required,
        transaction_description: ST, transaction_description_alt: ST, transaction_quantity: NM,
        transaction_amount_extended: CP, transaction_amount_unit: CP, department_code: CE, insurance_plan_id: CE,
        insurance_amount: CP, assigned_patient_location: PL, fee_schedule: IS, patient_type: IS,
        diagnosis_code_ft1: CE repeats, performed_by_code: XCN repeats, ordered_by_code: XCN repeats, unit_cost: CP,
        filler_order_number: EI, entered_by_code: XCN repeats, procedure_code: CE,
        procedure_code_modifier: CE repeats, advanced_beneficiary_notice_code: CE,
        medically_necessary_duplicate_procedure_reason: CWE, ndc_code: CNE, payment_reference_id: CX,
        transaction_reference_key: SI repeats,
    }
    GP1 {
        type_of_bill_code: IS required, revenue_code: IS repeats, overall_claim_disposition_code: IS,
        oce_edits_per_visit_code: IS repeats, outlier_cost: CP,
    }
    GP2 {
        revenue_code: IS, number_of_service_units: NM, charge: CP, reimbursement_action_code: IS,
        denial_or_rejection_code: IS, oce_edit_code: IS repeats, ambulatory_payment_classification_code: CE,
        modifier_edit_code: IS repeats, payment_adjustment_code: IS, packaging_status_code: IS,
        expected_cms_payment_amount: CP, reimbursement_type_code: IS, co_pay_amount: CP,
        pay_rate_per_service_unit: NM,
    }
    GT1 {
        set_id_gt1: SI required, guarantor_number: CX repeats, guarantor_name: XPN required repeats,
        guarantor_spouse_name: XPN repeats, guarantor_address: XAD repeats, guarantor_ph_num_home: XTN repeats,
        guarantor_ph_num_business: XTN repeats, guarantor_date_time_of_birth: TS, guarantor_administrative_sex: IS,
        guarantor_type: IS, guarantor_relationship: CE, guarantor_ssn: ST, guarantor_date_begin: DT,
        guarantor_date_end: DT, guarantor_priority: NM, guarantor_employer_name: XPN repeats,
        guarantor_employer_address: XAD repeats, guarantor_employer_phone_number: XTN repeats,
        guarantor_employee_id_number: CX repeats, guarantor_employment_status: IS,
        guarantor_organization_name: XON repeats, guarantor_billing_hold_flag: ID, guarantor_credit_rating_code: CE,
        guarantor_death_date_and_time: TS, guarantor_death_flag: ID, guarantor_charge_adjustment_code: CE,
        guarantor_household_annual_income: CP, guarantor_household_size: NM,
        guarantor_employer_id_number: CX repeats, guarantor_marital_status_code: CE,
        guarantor_hire_effective_date: DT, employment_stop_date: DT, living_dependency: IS,
        ambulatory_status: IS repeats, citizenship: CE repeats, primary_language: CE, living_arrangement: IS,
        publicity_code: CE, protection_indicator: ID, student_indicator: IS, religion: CE,
        mother_s_maiden_name: XPN repeats, nationality: CE, ethnic_group: CE repeats,
        contact_person_s_name: XPN repeats, contact_person_s_telephone_number: XTN repeats, contact_reason: CE,
        contact_relationship: IS, job_title: ST, job_code_class: JCC,
        guarantor_employer_s_organization_name: XON repeats, handicap: IS, job_status: IS,
        guarantor_financial_class: FC, guarantor_race: CE repeats, guarantor_birth_place: ST, vip_indicator: IS,
    }
    IN1 {
        set_id_in1: SI required, insurance_plan_id: CE required, insurance_company_id: CX required repeats,
        insurance_company_name: XON repeats, insurance_company_address: XAD repeats,
        insurance_co_contact_person: XPN repeats, insurance_co_phone_number: XTN repeats, group_number: ST,
        group_name: XON repeats, insured_s_group_emp_id: CX repeats, insured_s_group_emp_name: XON repeats,
        plan_effective_date: DT, plan_expiration_date: DT, authorization_information: AUI, plan_type: IS,
        name_of_insured: XPN repeats, insured_s_relationship_to_patient: CE, insured_s_date_of_birth: TS,
        insured_s_address: XAD repeats, assignment_of_benefits: IS, coordination_of_benefits: IS,
        coord_of_ben_priority: ST, notice_of_admission_flag: ID, notice_of_admission_date: DT,
        report_of_eligibility_flag: ID, report_of_eligibility_date: DT, release_information_code: IS,
        pre_admit_cert_pac: ST, verification_date_time: TS, verification_by: XCN repeats, type_of_agreement_code: IS,
        billing_status: IS, lifetime_reserve_days: NM, delay_before_l_r_day: NM, company_plan_code: IS,
        policy_number: ST, policy_deductible: CP, policy_limit_amount: CP, policy_limit_days: NM,
        room_rate_semi_private: CP, room_rate_private: CP, insured_s_employment_status: CE,
        insured_s_administrative_sex: IS, insured_s_employer_s_address: XAD repeats, verification_status: ST,
        prior_insurance_plan_id: IS, coverage_type: IS, handicap: IS, insured_s_id_number: CX repeats,
        signature_code: IS, signature_code_date: DT, insured_s_birth_place: ST, vip_indicator: IS,
    }
    IN2 {
        insured_s_employee_id: CX repeats, insured_s_social_security_number: ST,
        insured_s_employer_s_name_and_id: XCN repeats, employer_information_data: IS, mail_claim_party: IS repeats,
        medicare_health_ins_card_number: ST, medicaid_case_name: XPN repeats, medicaid_case_number: ST,
        military_sponsor_name: XPN repeats, military_id_number: ST, dependent_of_military_recipient: CE,
        military_organization: ST, military_station: ST, military_service: IS, military_rank_grade: IS,
        military_status: IS, military_retire_date: DT, military_non_avail_cert_on_file: ID, baby_coverage: ID,
        combine_baby_bill: ID, blood_deductible: ST, special_coverage_approval_name: XPN repeats,
        special_coverage_approval_title: ST, non_covered_insurance_code: IS repeats, payor_id: CX repeats,
        payor_subscriber_id: CX repeats, eligibility_source: IS, room_coverage_type_amount: RMC repeats,
        policy_type_amount: PTA repeats, daily_deductible: DDI, living_dependency: IS, ambulatory_status: IS repeats,
        citizenship: CE repeats, primary_language: CE, living_arrangement: IS, publicity_code: CE,
        protection_indicator: ID, student_indicator: IS, religion: CE, mother_s_maiden_name: XPN repeats,
        nationality: CE, ethnic_group: CE repeats, marital_status: CE repeats, insured_s_employment_start_date: DT,
        employment_stop_date: DT, job_title: ST, job_code_class: JCC, job_status: IS,
        employer_contact_person_name: XPN repeats, employer_contact_person_phone_number: XTN repeats,
        employer_contact_reason: IS, insured_s_contact_person_s_name: XPN repeats,
        insured_s_contact_person_phone_number: XTN repeats, insured_s_contact_person_reason: IS repeats,
        relationship_to_the_patient_start_date: DT, relationship_to_the_patient_stop_date: DT repeats,
        insurance_co_contact_reason: IS, insurance_co_contact_phone_number: XTN, policy_scope: IS, policy_source: IS,
        patient_member_number: CX, guarantor_s_relationship_to_insured: CE, insured_s_phone_number_home: XTN repeats,
        insured_s_employer_phone_number: XTN repeats, military_handicapped_program: CE, suspend_flag: ID,
        copay_limit_flag: ID, stoploss_limit_flag: ID, insured_organization_name_and_id: XON repeats,
        insured_employer_organization_name_and_id: XON repeats, race: CE repeats,
        cms_patient_s_relationship_to_insured: CE,
    }
    IN3 {
        set_id_in3: SI required, certification_number: CX, certified_by: XCN repeats, certification_required: ID,
        penalty: MOP, certification_date_time: TS, certification_modify_date_time: TS, operator: XCN repeats,
        certification_begin_date: DT, certification_end_date: DT, days: DTN, non_concur_code_description: CE,
        non_concur_effective_date_time: TS, physician_reviewer: XCN repeats, certification_contact: ST,
        certification_contact_phone_number: XTN repeats, appeal_reason: CE, certification_agency: CE,
        certification_agency_phone_number: XTN repeats, pre_certification_requirement: ICD repeats, case_manager: ST,
        second_opinion_date: DT, second_opinion_status: IS, second_opinion_documentation_received: IS repeats,
        second_opinion_physician: XCN repeats,
    }
    PR1 {
        set_id_pr1: SI required, procedure_coding_method: IS, procedure_code: CE required, procedure_description: ST,
        procedure_date_time: TS required, procedure_functional_type: IS, procedure_minutes: NM,
        anesthesiologist: XCN repeats, anesthesia_code: IS, anesthesia_minutes: NM, surgeon: XCN repeats,
        procedure_practitioner: XCN repeats, consent_code: CE, procedure_priority: ID, associated_diagnosis_code: CE,
        procedure_code_modifier: CE repeats, procedure_drg_type: IS, tissue_type_code: CE repeats,
        procedure_identifier: EI, procedure_action_code: ID,
    }
    RMI {
        risk_management_incident_code: CE, date_time_incident: TS, incident_type_code: CE,
    }
    UB1 {
        set_id_ub1: SI, blood_deductible_43: NM, blood_furnished_pints_of_40: NM, blood_replaced_pints_41: NM,
        blood_not_replaced_pints_42: NM, co_insurance_days_25: NM, condition_code_35_39: IS repeats,
        covered_days_23: NM, non_covered_days_24: NM, value_amount_code_46_49: UVC repeats,
        number_of_grace_days_90: NM, special_program_indicator_44: CE, psro_ur_approval_indicator_87: CE,
        psro_ur_approved_stay_fm_88: DT, psro_ur_approved_stay_to_89: DT, occurrence_28_32: OCD repeats,
        occurrence_span_33: CE, occur_span_start_date_33: DT, occur_span_end_date_33: DT, ub_82_locator_2: ST,
        ub_82_locator_9: ST, ub_82_locator_27: ST, ub_82_locator_45: ST,
    }
    UB2 {
        set_id_ub2: SI, co_insurance_days_9: ST, condition_code_24_30: IS repeats, covered_days_7: ST,
        non_covered_days_8: ST, value_amount_code: UVC repeats, occurrence_code_date_32_35: OCD repeats,
        occurrence_span_code_dates_36: OSP repeats, ub92_locator_2_state: ST repeats,
        ub92_locator_11_state: ST repeats, ub92_locator_31_national: ST, document_control_number: ST repeats,
        ub92_locator_49_national: ST repeats, ub92_locator_56_state: ST repeats, ub92_locator_57_national: ST,
        ub92_locator_78_state: ST repeats, special_visit_count: NM,
    }
}
